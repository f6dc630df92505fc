/** Where a file is dropped or chosen. */
import { useRef, useState } from 'react'
import { Button } from '../../ui/Button.tsx'
import { Icon } from '../../ui/Icon.tsx'
import './import.css'

export interface FileDropProps {
  readonly disabled: boolean
  readonly onFile: (file: File) => void
}

export function FileDrop({ disabled, onFile }: FileDropProps) {
  const input = useRef<HTMLInputElement>(null)
  const [isOver, setOver] = useState(false)
  return (
    <div
      className={isOver ? 'bw-drop bw-drop--over' : 'bw-drop'}
      onDragOver={(event) => {
        event.preventDefault()
        setOver(!disabled)
      }}
      onDragLeave={() => setOver(false)}
      onDrop={(event) => {
        event.preventDefault()
        setOver(false)
        const [file] = event.dataTransfer.files
        if (file !== undefined && !disabled) onFile(file)
      }}
    >
      <Icon name="data" size={22} />
      <p>Drop a file of CSV or JSON lines here, packed with gzip or not.</p>
      <input
        ref={input}
        type="file"
        hidden
        aria-label="File to import"
        accept=".csv,.tsv,.txt,.jsonl,.ndjson,.json,.gz"
        onChange={(event) => {
          const [file] = event.target.files ?? []
          if (file !== undefined) onFile(file)
          event.target.value = ''
        }}
      />
      <Button disabled={disabled} onClick={() => input.current?.click()}>
        Choose a file
      </Button>
    </div>
  )
}
