// What --help says: the commands and flags, and what else a user of the command line needs to know.
import { renderHelp } from '../../base/command-line.js'
import { CREDENTIAL_VARIABLES } from '../../credentials/environment.js'
import { PROGRAM } from './command.js'

const SIGNALS = {
  SIGHUP: 'reads the listing again, and polls every remote now',
  'SIGTERM, SIGINT': 'stop within 5 seconds, and leave nothing torn',
}

const EXIT_CODES = {
  '0': 'stopped, or with ONE_TIME every entry was synced; the check found nothing wrong',
  '1': 'with ONE_TIME an entry failed; the service is not well; else a fault in this program',
  '2': 'settings, the command line, or a listing at start that cannot be used',
}

const MAX_COLUMNS = 100

const DOCUMENTATION = 'https://github.com/git-autosync/git-autosync#readme'

/** The whole help. */
export function helpText(): string {
  return [
    renderHelp(PROGRAM).trimEnd(),
    section('Credentials (no flags, as every process can read those)', CREDENTIAL_VARIABLES),
    section('Signals', SIGNALS),
    section('Exit codes', EXIT_CODES),
    `Documentation: ${DOCUMENTATION}`,
  ].join('\n\n')
}

function section(title: string, rows: Readonly<Record<string, string>>): string {
  const width = Math.max(...Object.keys(rows).map((name) => name.length))
  const lines = Object.entries(rows).flatMap(([name, means]) =>
    wrap(means, MAX_COLUMNS - width - 4).map(
      (line, index) => `  ${(index === 0 ? name : '').padEnd(width)}  ${line}`,
    ),
  )
  return [`${title}:`, ...lines].join('\n')
}

function wrap(text: string, columns: number): string[] {
  const lines = ['']
  for (const word of text.split(' ')) {
    const longer = `${lines.at(-1)} ${word}`.trimStart()
    if (longer.length > columns) lines.push(word)
    else lines[lines.length - 1] = longer
  }
  return lines
}
