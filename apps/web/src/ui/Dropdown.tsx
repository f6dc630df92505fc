/**
 * What opens under a button: a menu (arrow keys, Home, End) or a small dialog. Closes by Esc, by a press outside and when the focus leaves.
 * Our own, because the top bar is on every first screen and a positioning library is not needed to open downwards.
 */
import {
  createContext,
  useContext,
  useEffect,
  useId,
  useRef,
  type ButtonHTMLAttributes,
  type KeyboardEvent,
  type ReactNode,
  type RefObject,
} from 'react'
import { Icon, type IconName } from './Icon.tsx'
import './dropdown.css'

export interface TriggerProps extends Pick<
  ButtonHTMLAttributes<HTMLButtonElement>,
  'aria-expanded' | 'aria-haspopup' | 'aria-controls' | 'onClick'
> {
  readonly ref: RefObject<HTMLButtonElement | null>
}

export interface DropdownProps {
  readonly kind: 'menu' | 'dialog'
  /** Of the panel. */
  readonly label: string
  readonly isOpen: boolean
  readonly onOpenChange: (isOpen: boolean) => void
  readonly align?: 'start' | 'end'
  readonly trigger: (props: TriggerProps) => ReactNode
  readonly children: ReactNode
}

const CloseContext = createContext<() => void>(() => undefined)

/** Closes the panel that the caller is in. */
export function useCloseDropdown(): () => void {
  return useContext(CloseContext)
}

function itemsOf(panel: HTMLElement | null): HTMLElement[] {
  return panel === null ? [] : [...panel.querySelectorAll<HTMLElement>('[role^="menuitem"]:not(:disabled)')]
}

export function Dropdown({ kind, label, isOpen, onOpenChange, align = 'end', trigger, children }: DropdownProps) {
  const root = useRef<HTMLDivElement>(null)
  const button = useRef<HTMLButtonElement>(null)
  const panel = useRef<HTMLDivElement>(null)
  const id = useId()
  useEffect(() => {
    if (!isOpen) return undefined
    if (kind === 'menu') itemsOf(panel.current)[0]?.focus()
    // A field of the panel that asked for the focus keeps it.
    else if (panel.current?.contains(document.activeElement) !== true) panel.current?.focus()
    const onPress = (event: PointerEvent): void => {
      if (event.target instanceof Node && root.current?.contains(event.target) !== true) onOpenChange(false)
    }
    document.addEventListener('pointerdown', onPress)
    return () => document.removeEventListener('pointerdown', onPress)
  }, [isOpen, kind, onOpenChange])
  const close = (): void => {
    onOpenChange(false)
    button.current?.focus()
  }
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.key === 'Escape') {
      event.stopPropagation()
      close()
      return
    }
    if (kind !== 'menu') return
    const items = itemsOf(panel.current)
    const at = items.findIndex((item) => item === document.activeElement)
    const targets: Readonly<Record<string, number>> = { ArrowDown: at + 1, ArrowUp: at - 1 + items.length, Home: 0, End: items.length - 1 }
    const target = targets[event.key]
    if (target === undefined) return
    event.preventDefault()
    items[target % items.length]?.focus()
  }
  const shared = { ref: panel, id, tabIndex: -1, className: `bw-dropdown__panel bw-dropdown__panel--${align}`, onKeyDown }
  const content = <CloseContext value={close}>{children}</CloseContext>
  return (
    <div
      ref={root}
      className="bw-dropdown"
      onBlur={(event) => {
        const to = event.relatedTarget
        if (isOpen && to instanceof Node && !event.currentTarget.contains(to)) onOpenChange(false)
      }}
    >
      {trigger({ ref: button, 'aria-expanded': isOpen, 'aria-haspopup': kind, 'aria-controls': id, onClick: () => onOpenChange(!isOpen) })}
      {isOpen && kind === 'menu' && (
        <div {...shared} role="menu" aria-label={label}>
          {content}
        </div>
      )}
      {isOpen && kind === 'dialog' && (
        <div {...shared} role="dialog" aria-label={label}>
          {content}
        </div>
      )}
    </div>
  )
}

export interface MenuItemProps {
  readonly onSelect: () => void
  readonly children: ReactNode
  readonly icon?: IconName
  readonly disabled?: boolean
  /** One of several choices; true for the current one. */
  readonly isChosen?: boolean
  /** Stays open after the press. */
  readonly staysOpen?: boolean
}

export function MenuItem({ onSelect, children, icon, disabled = false, isChosen, staysOpen = false }: MenuItemProps) {
  const close = useCloseDropdown()
  return (
    <button
      type="button"
      role={isChosen === undefined ? 'menuitem' : 'menuitemradio'}
      aria-checked={isChosen}
      tabIndex={-1}
      disabled={disabled}
      className="bw-menu-item"
      onClick={() => {
        if (!staysOpen) close()
        onSelect()
      }}
    >
      {icon !== undefined && <Icon name={icon} size={14} />}
      <span className="bw-menu-item__text">{children}</span>
      {isChosen === true && <Icon name="check" size={14} />}
    </button>
  )
}

/** Items under a heading. */
export function MenuGroup({ label, children }: { readonly label: string; readonly children: ReactNode }) {
  return (
    <div role="group" aria-label={label} className="bw-menu-group">
      <div className="bw-menu-group__label" aria-hidden="true">
        {label}
      </div>
      {children}
    </div>
  )
}
