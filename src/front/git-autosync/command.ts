// The command line: which command it asks for, and with which settings. All faults are
// reported at once.
import { type Flag, type Program, parseCommandLine } from '../../base/command-line.js'
import { suggestion } from '../../base/did-you-mean.js'
import { serviceUrl } from '../../service-url.js'
import { readSettings, SETTINGS, type Settings, SettingsError } from '../../settings.js'
import { isProbe, PROBES, type Probe } from './healthcheck.js'

/** What the command line asks for. */
export type Command =
  | { name: 'run'; settings: Settings }
  | { name: 'validate'; listings: readonly string[]; asksRemotes: boolean; settings: Settings }
  | { name: 'healthcheck'; probe: Probe; settings: Pick<Settings, 'httpHost' | 'httpPort'> }
  /** `url` is where the service is. */
  | { name: 'status'; url: string }
  | { name: 'help' | 'version' }

const REMOTE = 'remote'

const COMMANDS = ['run', 'validate', 'healthcheck', 'status', 'help', 'version'] as const

const URL_FLAG: Flag = {
  name: 'url',
  variable: undefined,
  valueName: 'url',
  default: undefined,
  description: 'status: the service that is asked; unset: the one at HTTP_HOST and HTTP_PORT',
}

/** What the command line of this program is. */
export const PROGRAM: Program = {
  name: 'git-autosync',
  usage:
    '[flags]\n       git-autosync validate [flags] [--remote] [listing…]\n       git-autosync healthcheck [flags] [healthz | livez | startupz | readyz]\n       git-autosync status [--url url]\n       git-autosync help | version',
  description:
    'Keeps directories equal to git revisions. validate checks listings; healthcheck asks the service at HTTP_HOST and HTTP_PORT whether it lives, or another of its probes; status prints what each entry is at. Each flag may be set in the environment as well; the flag wins.',
  flags: [...Object.values(SETTINGS), URL_FLAG],
  switches: [
    { name: REMOTE, description: 'validate asks each remote for what its entries follow, too' },
  ],
}

/**
 * Reads the command line (without node and the script) and the environment. Relative paths start
 * at `cwd`. What is set but empty counts as unset. Throws a {@link SettingsError} with every fault.
 */
export function parseCommand(
  argv: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
  cwd: string,
): Command {
  const line = parseCommandLine(PROGRAM, argv)
  const { faults } = line
  const [word = 'run', ...operands] = line.operands
  if (line.help || word === 'help') return { name: 'help' }
  if (line.version || word === 'version') return { name: 'version' }

  const name = COMMANDS.find((command) => command === word)
  if (name === undefined) {
    const near = suggestion(word, COMMANDS)
    faults.push(`unknown command "${word}"${near || `: there are ${COMMANDS.join(', ')}`}`)
  }
  const [listing, ...others] = name === 'validate' ? operands.splice(0) : []
  if (listing !== undefined) line.values.set(SETTINGS.listingPath.name, listing)
  const probe = (name === 'healthcheck' ? operands.shift() : undefined) ?? PROBES[0]
  if (!isProbe(probe)) faults.push(`unknown probe "${probe}": there are ${PROBES.join(', ')}`)
  for (const operand of operands) faults.push(`unexpected argument "${operand}"`)

  const asksRemotes = line.switches.has(REMOTE)
  if (asksRemotes && name !== 'validate') faults.push(`--${REMOTE} is for validate`)
  const settings = readSettings(line.values, env, cwd, faults)
  const further = others.flatMap((other) => {
    const values = new Map([[SETTINGS.listingPath.name, other]])
    return readSettings(values, {}, cwd, faults).listingPath ?? []
  })
  const { listingPath } = SETTINGS
  const isSet = line.values.has(listingPath.name) || env[listingPath.variable]?.trim()
  const url = line.values.get(URL_FLAG.name)
  if (url !== undefined && !/^https?:\/\//.test(url)) {
    faults.push('--url must begin with http:// or https://')
  }
  if (name === 'healthcheck' || name === 'status') {
    if (settings.httpPort === 0 && url === undefined) {
      faults.push('HTTP_PORT is 0: name the port that was logged')
    }
  } else if (name && settings.listingPath === undefined && !isSet) {
    faults.push('LISTING_PATH is missing: name the listing, or give --listing-path')
  }
  if (faults.length > 0) throw new SettingsError(faults)
  if (name === 'healthcheck' && isProbe(probe)) return { name, probe, settings }
  if (name === 'status') {
    return { name, url: url ?? serviceUrl(settings.httpHost, settings.httpPort) }
  }
  if (name !== 'validate') return { name: 'run', settings }
  const listings = [settings.listingPath ?? [], further].flat()
  return { name, listings, asksRemotes, settings }
}
