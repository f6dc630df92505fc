/** Every key in one list. */
import { Modal } from '@mantine/core'
import { allPages } from './navigation.ts'

const keys: readonly (readonly [string, string])[] = [
  ['Ctrl K', 'Search, go, act'],
  ['/', 'Search on this page'],
  ['t', 'Time range'],
  ['?', 'This list'],
  ['Esc', 'Close what is open'],
  ['j  k', 'Down and up in a table'],
  ['Enter', 'Open the row'],
  ['← →', 'Move the crosshair in a chart'],
  ['← →  [  ]', 'In a trace: close and open what is below; everything'],
  ['e  n  z  0', 'In a trace: next error, next found, zoom to the span, all of the time'],
  ['Ctrl Enter', 'Run the query in the editor; Enter does too'],
]

export function KeyHelp({ onClose }: { readonly onClose: () => void }) {
  return (
    <Modal opened onClose={onClose} title="Keyboard" size="lg" closeButtonProps={{ 'aria-label': 'Close' }}>
      <div className="bw-keys">
        <dl>
          {keys.map(([key, meaning]) => (
            <div key={key}>
              <dt>
                <kbd>{key}</kbd>
              </dt>
              <dd>{meaning}</dd>
            </div>
          ))}
        </dl>
        <dl>
          {allPages.map((page) => (
            <div key={page.key}>
              <dt>
                <kbd>g</kbd> <kbd>{page.key}</kbd>
              </dt>
              <dd>{page.label}</dd>
            </div>
          ))}
        </dl>
      </div>
    </Modal>
  )
}
