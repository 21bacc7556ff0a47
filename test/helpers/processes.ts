// Processes that a test did not start itself, by their ids.
import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { until } from './service.js'

/** Whether a process runs; one that has ended may still wait for somebody to take note of it. */
export function isAlive(pid: number): boolean {
  if (!existsSync(`/proc/${pid}/stat`)) return false
  try {
    return !/^\d+ \(.*\) [ZX]/.test(readFileSync(`/proc/${pid}/stat`, 'latin1'))
  } catch {
    return false
  }
}

/** Waits until none of these runs any more. */
export async function untilDead(pids: readonly number[]): Promise<void> {
  assert.ok(pids.length > 0 && pids.every((pid) => pid > 1), `${pids}`)
  await until(
    () => !pids.some(isAlive),
    async () => `${pids.filter(isAlive)} ended`,
  )
}
