// How long a test process, and the programs that it started and that ended before it, kept the
// processors busy: beside other work a duration says little of what a test costs.
// https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'

const SELF = '/proc/self/stat'
/** Linux counts in this everywhere. */
const TICKS_PER_SECOND = 100
/** How many the summary names. */
const COSTLIEST = Number(process.env['COSTLIEST'] ?? 10)

/** Leaves it beside `module` at the end of the process, where the system tells it. */
export function recordProcessorTime(module: string): void {
  if (existsSync(SELF))
    process.once('exit', () => writeFileSync(placeOf(module), JSON.stringify(busySeconds())))
}

/** Which of the processes that ended in good order kept the processors busiest; nothing where no time is known. */
export function costliestOf(modules: readonly string[]): string {
  const times = modules
    .filter((module) => existsSync(placeOf(module)))
    .map((module) => {
      const { own, programs } = JSON.parse(readFileSync(placeOf(module), 'utf8')) as BusySeconds
      return { module, seconds: own + programs, programs }
    })
    .toSorted((one, other) => other.seconds - one.seconds)
  if (times.length === 0) return ''
  const total = times.reduce((sum, { seconds }) => sum + seconds, 0)
  const line = ({ module, programs, seconds }: (typeof times)[number]) =>
    `  ${path.basename(module, '.js')}: ${seconds.toFixed(1)} s, ${programs.toFixed(1)} s of them in programs that it started\n`
  return [
    `The processors were busy for ${(total / 60).toFixed(1)} minutes, most of it with:\n`,
    ...times.slice(0, COSTLIEST).map(line),
    '\n',
  ].join('')
}

const placeOf = (module: string) => `${module}.seconds`

interface BusySeconds {
  own: number
  programs: number
}

function busySeconds(): BusySeconds {
  const stat = readFileSync(SELF, 'latin1')
  // The name in brackets may hold anything. The times are the fields 14 to 17, and the first here is the third.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  const [user = 0, system = 0, ...ofPrograms] = fields.slice(11, 15).map(Number)
  const programs = ofPrograms.reduce((sum, ticks) => sum + ticks, 0)
  return { own: (user + system) / TICKS_PER_SECOND, programs: programs / TICKS_PER_SECOND }
}
