// What the operating system has on record of a process, from /proc.
// https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html
import { readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { until } from '../helpers/service.js'

/** USER_HZ is 100 on every Linux. */
const TICK_MS = 10

/** Fields of `stat`, counted from the one after the command's name. */
const FIELD = { utime: 11, stime: 12, cutime: 13, cstime: 14 } as const

const REST_WINDOW_MS = 250
const REST_PATIENCE_MS = 120_000

/** CPU time of a process with all its threads so far, in milliseconds. */
export function cpuMs(pid: number): number {
  const fields = statFields(pid)
  return fields(FIELD.utime) + fields(FIELD.stime)
}

/** CPU time of the children of this process that have ended, with theirs, in milliseconds. */
export function endedChildrenCpuMs(): number {
  const fields = statFields(process.pid)
  return fields(FIELD.cutime) + fields(FIELD.cstime)
}

/** Resident memory of a process in bytes: now, or the most it ever had. */
export function residentBytes(pid: number, field: 'VmRSS' | 'VmHWM'): number {
  const status = readFileSync(`/proc/${pid}/status`, 'latin1')
  const kib = new RegExp(`^${field}:\\s+(\\d+) kB$`, 'm').exec(status)?.[1]
  if (kib === undefined) throw new Error(`/proc/${pid}/status has no ${field}`)
  return Number(kib) * 1024
}

/** Waits until a process has used next to no CPU for a while. */
export async function untilAtRest(pid: number): Promise<void> {
  let used = cpuMs(pid)
  let quietWindows = 0
  await until(
    async () => {
      await sleep(REST_WINDOW_MS)
      const now = cpuMs(pid)
      quietWindows = now - used <= TICK_MS ? quietWindows + 1 : 0
      used = now
      return quietWindows >= 2
    },
    `process ${pid} comes to rest`,
    REST_PATIENCE_MS,
  )
}

function statFields(pid: number): (field: number) => number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return (field) => Number(fields[field]) * TICK_MS
}
