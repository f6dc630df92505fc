/** Mantine, dressed in our tokens: its variables point at ours, so one file (`tokens.css`) decides every colour. */
import { createTheme, type CSSVariablesResolver, type MantineColorsTuple } from '@mantine/core'

const accent: MantineColorsTuple = [
  '#eef3ff',
  '#dbe5fd',
  '#b5c9fa',
  '#8dabf6',
  '#6b92f3',
  '#4a78ea',
  '#2a5bd7',
  '#2149b3',
  '#1a3b91',
  '#142e72',
]

export const theme = createTheme({
  primaryColor: 'accent',
  primaryShade: { light: 6, dark: 4 },
  colors: { accent },
  defaultRadius: 6,
  fontFamily: 'var(--bw-font)',
  fontFamilyMonospace: 'var(--bw-mono)',
  fontSizes: { xs: '12px', sm: '13px', md: '13.5px', lg: '15px', xl: '18px' },
  spacing: { xs: '4px', sm: '8px', md: '12px', lg: '16px', xl: '24px' },
  headings: { fontFamily: 'var(--bw-font)', fontWeight: '600' },
  cursorType: 'pointer',
  respectReducedMotion: true,
  components: {
    Modal: { defaultProps: { overlayProps: { backgroundOpacity: 0.3 } } },
    Drawer: { defaultProps: { overlayProps: { backgroundOpacity: 0.3 } } },
  },
})

/** The same names for light and dark: the tokens themselves change with the scheme. */
export const resolveCssVariables: CSSVariablesResolver = () => {
  const shared = {
    '--mantine-color-body': 'var(--bw-bg)',
    '--mantine-color-text': 'var(--bw-text)',
    '--mantine-color-bright': 'var(--bw-text)',
    '--mantine-color-dimmed': 'var(--bw-text-2)',
    '--mantine-color-placeholder': 'var(--bw-text-3)',
    '--mantine-color-anchor': 'var(--bw-link)',
    '--mantine-color-default': 'var(--bw-raised)',
    '--mantine-color-default-hover': 'var(--bw-hover)',
    '--mantine-color-default-color': 'var(--bw-text)',
    '--mantine-color-default-border': 'var(--bw-border)',
    '--mantine-color-error': 'var(--bw-down)',
    '--mantine-primary-color-filled': 'var(--bw-accent)',
    '--mantine-primary-color-filled-hover': 'var(--bw-accent-hover)',
    '--mantine-primary-color-contrast': 'var(--bw-on-accent)',
    '--mantine-color-accent-filled': 'var(--bw-accent)',
  }
  return { variables: {}, light: shared, dark: shared }
}
