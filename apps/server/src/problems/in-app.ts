/** Whether a frame is of the program itself, where its sender did not say. */
import type { Frame } from './model.ts'

const foreign =
  /(?:^|[\\/])(?:node_modules|site-packages|dist-packages|vendor|gems|go\/pkg\/mod|\.cargo\/registry)[\\/]|^node:|^internal\/|^<(?:frozen|anonymous|string)|^native$|^\[native code\]$|^(?:java|javax|jdk|sun|kotlin|scala)\.|\/lib\/python3?|(?:chrome|moz)-extension:|\/usr\/(?:local\/)?go\/src\//

export function isInApp({ isInApp: said, file, module }: Pick<Frame, 'isInApp' | 'file' | 'module'>): boolean {
  if (said !== null) return said
  if (file === '' && module === '') return false
  return !foreign.test(file === '' ? module : file) && !/^(?:java|javax|jdk|sun|kotlin|scala)\./.test(module)
}
