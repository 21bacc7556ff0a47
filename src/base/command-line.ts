// A command line of long flags, read to its end whatever is wrong with it, and
// its help. Values stay text; who knows the flags parses them.
import { Command, Option } from 'commander'
import { suggestion } from './did-you-mean.js'

/** One flag that takes a value. */
export interface Flag {
  /** Without dashes, such as `http-port`. */
  name: string
  /** What stands for the value in the help; a `boolean` may be left out and is then `true`. */
  valueName: string
  description: string
  default: string | undefined
  /** The environment variable of the same meaning; undefined where there is none. */
  variable: string | undefined
}

/** A flag without a value, of one command. */
export interface Switch {
  /** Without dashes. */
  name: string
  description: string
}

export interface CommandLine {
  /** The text given for each flag, by its name. */
  values: Map<string, string>
  /** The names of the switches that are given. */
  switches: ReadonlySet<string>
  operands: string[]
  help: boolean
  version: boolean
  /** One sentence for each thing that is wrong. */
  faults: string[]
}

/** What the help says of a program. */
export interface Program {
  name: string
  usage: string
  description: string
  flags: readonly Flag[]
  switches: readonly Switch[]
}

/** Reads `argv`, which starts after the script's name. Never throws. */
export function parseCommandLine(program: Program, argv: readonly string[]): CommandLine {
  const command = createCommand(program)
  const { operands, unknown } = command.parseOptions([...argv])
  const faults: string[] = []
  const values = new Map<string, string>()
  for (const flag of program.flags) {
    const key = new Option(`--${flag.name}`).attributeName()
    if (command.getOptionValueSource(key) !== 'cli') continue
    const value: unknown = command.getOptionValue(key)
    if (typeof value === 'string') values.set(flag.name, value)
    else if (flag.valueName === 'boolean') values.set(flag.name, 'true')
    else faults.push(`--${flag.name} needs a value`)
  }
  const given = program.switches.filter(({ name }) => command.getOptionValue(name) === true)
  const names = command.options.flatMap(({ long }) => long ?? [])
  const rest = sortUnknown(unknown)
  for (const flag of rest.flags) faults.push(`unknown flag ${flag}${suggestion(flag, names)}`)
  const { help = false, version, V } = command.opts<Record<string, boolean | undefined>>()
  return {
    values,
    switches: new Set(given.map(({ name }) => name)),
    operands: [...operands, ...rest.operands],
    help,
    version: version ?? V ?? false,
    faults,
  }
}

/** The help of a program, of lines of at most 100 columns. */
export function renderHelp(program: Program): string {
  return createCommand(program).helpInformation()
}

function createCommand({ name, usage, description, flags, switches }: Program): Command {
  const command = new Command(name)
    .usage(usage)
    .description(description)
    .helpOption(false)
    .configureOutput({ getOutHelpWidth: () => 100, getOutHasColors: () => false })
    // A missing value is not commander's to report: it would stop at the first fault.
    .configureHelp({ optionTerm: ({ flags: term }) => term.replace(/\[(?!boolean)(.+)\]/, '<$1>') })
  for (const flag of flags) {
    const option = new Option(`--${flag.name} [${flag.valueName}]`, flag.description)
    option.default(flag.default)
    if (flag.variable !== undefined) option.env(flag.variable)
    command.addOption(option)
  }
  for (const { name, description } of switches) command.option(`--${name}`, description)
  command.addOption(new Option('-h, --help', 'show this help'))
  command.addOption(new Option('-v, --version', 'show the version'))
  command.addOption(new Option('-V').hideHelp())
  return command
}

/** Takes apart what follows the first unknown flag; what follows each one may be its value. */
function sortUnknown(unknown: readonly string[]): { flags: string[]; operands: string[] } {
  const end = unknown.includes('--') ? unknown.indexOf('--') : unknown.length
  const isFlag = (text: string | undefined) => text !== undefined && /^-./.test(text)
  const before = unknown.slice(0, end)
  const flags = before.filter(isFlag).map((flag) => flag.replace(/=.*/s, ''))
  const operands = before.filter((text, index) => !isFlag(text) && !isFlag(before[index - 1]))
  return { flags, operands: [...operands, ...unknown.slice(end + 1)] }
}
