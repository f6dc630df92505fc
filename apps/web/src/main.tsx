/** Entry of the web app: styles, providers, router. */
import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import './theme/fonts.ts'
import './theme/mantine-styles.ts'
import './theme/tokens.css'
import './theme/base.css'
import './theme/mantine-fit.css'
import { App } from './App.tsx'
import { reloadAfterUpdate } from './lib/update.ts'

reloadAfterUpdate()
const root = document.getElementById('root')
if (root === null) throw new Error('index.html has no #root')
createRoot(root).render(
  <StrictMode>
    <App />
  </StrictMode>,
)
