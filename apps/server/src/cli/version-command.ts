/** `bellwether version`. */
import { exitGood, type Command } from './command.ts'

/** Version of this program; the root package's. A test keeps the two equal. */
export const version = '0.1.0'

export const versionCommand: Command = {
  usage: '',
  options: {},
  optionHelp: [],
  run(context) {
    context.print(`bellwether ${version} (node ${process.version}, ${process.platform}-${process.arch})`)
    return Promise.resolve(exitGood)
  },
}
