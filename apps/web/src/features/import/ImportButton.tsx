/** Begins the import of a chosen file. */
import { Button } from '../../ui/Button.tsx'

export function ImportButton({ label, onImport }: { readonly label: string; readonly onImport: () => void }) {
  return (
    <div>
      <Button variant="primary" onClick={onImport}>
        {label}
      </Button>
    </div>
  )
}
