#!/usr/bin/env node
import './debug-signal.js'
import { EXIT } from './exit-code.js'
// From the command line and the environment to an exit code. A command loads no more than
// it needs, as a container's health check starts this program every few seconds.
import { parseCommand } from './front/git-autosync/command.js'
import { checkHealth, type Probe } from './front/git-autosync/healthcheck.js'
import { type Settings, SettingsError } from './settings.js'
import { readBuild } from './version.js'

for (const stream of [process.stdout, process.stderr]) {
  // Whoever reads it may go away, and what it is written to may be full, for a while: files and the
  // exit code count for more than what is told of them.
  stream.on('error', () => undefined)
}
process.exitCode = await main()

async function main(): Promise<number | undefined> {
  try {
    const command = parseCommand(process.argv.slice(2), process.env, process.cwd())
    switch (command.name) {
      case 'help':
        return print((await import('./front/git-autosync/help.js')).helpText())
      case 'version':
        return print(readBuild().version)
      case 'status':
        return await (await import('./front/git-autosync/show-status.js')).showStatus(command.url)
      case 'validate':
        return await (await import('./front/git-autosync/validate.js')).validate(command)
      case 'healthcheck':
        return await healthcheck(command.probe, command.settings)
      case 'run': {
        const begun = (await import('./beginning.js')).begin(command.settings.maxConcurrentSyncs)
        const { run } = await import('./run.js')
        return await run(command.settings, begun, await mistyped())
      }
    }
  } catch (error) {
    if (!(error instanceof SettingsError)) throw error
    const faults = [...error.faults, ...(await mistyped())]
    for (const fault of faults) process.stderr.write(`git-autosync: ${fault}\n`)
    process.stderr.write('git-autosync: --help lists all settings\n')
    return EXIT.invalid
  }
}

async function mistyped(): Promise<string[]> {
  return (await import('./front/git-autosync/mistyped.js')).findMistyped(process.env)
}

function print(text: string): number {
  process.stdout.write(`${text}\n`)
  return EXIT.clean
}

async function healthcheck(
  probe: Probe,
  { httpHost: host, httpPort: port }: Pick<Settings, 'httpHost' | 'httpPort'>,
): Promise<number> {
  const fault = await checkHealth({ probe, host, port })
  if (fault === undefined) return EXIT.clean
  process.stderr.write(`git-autosync: ${fault}\n`)
  return EXIT.failed
}
