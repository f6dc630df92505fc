/** The rail on a phone: a drawer. */
import { Drawer } from '@mantine/core'
import { Rail } from './Rail.tsx'

export function RailDrawer({ onClose }: { readonly onClose: () => void }) {
  return (
    <Drawer opened onClose={onClose} size={264} title="Bellwether" closeButtonProps={{ 'aria-label': 'Close navigation' }}>
      <nav aria-label="Main">
        <Rail onNavigate={onClose} />
      </nav>
    </Drawer>
  )
}
