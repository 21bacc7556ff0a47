// The command line: which command it asks for, and with which settings. All faults are
// reported at once.
import { type Flag, type Program, parseCommandLine, renderHelp } from './base/command-line.js'
import { suggestion } from './base/nearest.js'
import { isProbe, PROBES, type Probe } from './healthcheck.js'
import { readSettings, SETTINGS, type Settings, SettingsError } from './settings.js'
import { readBuild } from './version.js'

/** What the command line asks for. */
export type Command =
  | { name: 'run'; settings: Settings }
  | { name: 'validate'; listings: readonly string[]; asksRemotes: boolean; settings: Settings }
  | { name: 'healthcheck'; probe: Probe; settings: Pick<Settings, 'httpHost' | 'httpPort'> }
  | { name: 'help' | 'version'; text: string }

const REMOTE = 'remote'

const PROGRAM: Program = {
  name: 'git-autosync',
  usage:
    '[flags]\n       git-autosync validate [flags] [--remote] [listing…]\n       git-autosync healthcheck [flags] [healthz | livez | startupz | readyz]',
  description:
    'Keeps directories equal to git revisions. validate checks listings; healthcheck asks the service at HTTP_HOST and HTTP_PORT whether it lives, or another of its probes. Each flag may be set in the environment as well; the flag wins.',
  flags: Object.values(SETTINGS),
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
  if (line.help) return { name: 'help', text: renderHelp(PROGRAM) }
  if (line.version) return { name: 'version', text: readBuild().version }

  const { faults } = line
  const [name = 'run', ...operands] = line.operands
  const isKnown = name === 'run' || name === 'validate' || name === 'healthcheck'
  if (!isKnown) {
    const near = suggestion(name, ['validate', 'healthcheck'])
    faults.push(`unknown command "${name}"${near || ': there are validate and healthcheck'}`)
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
  const isSet = ({ name, variable }: Flag) => line.values.has(name) || env[variable]?.trim()
  if (name === 'healthcheck') {
    if (settings.httpPort === 0) faults.push('HTTP_PORT is 0: name the port that was logged')
  } else if (isKnown && settings.listingPath === undefined && !isSet(SETTINGS.listingPath)) {
    faults.push('LISTING_PATH is missing: name the listing, or give --listing-path')
  }
  if (faults.length > 0) throw new SettingsError(faults)
  if (name === 'healthcheck' && isProbe(probe)) return { name, probe, settings }
  if (name !== 'validate') return { name: 'run', settings }
  const { listingPath } = settings
  return { name, listings: [listingPath ?? [], further].flat(), asksRemotes, settings }
}
