// Which process this is, so that another one on the same machine can tell whether it still
// runs. Only the machine's own boot and the process table are asked: no clock, no network.
import { readFileSync, readlinkSync } from 'node:fs'
import os from 'node:os'
import { codeOf } from './volume.js'

/** A process, as others are told of it; null where the system does not say. */
export interface ProcessIdentity {
  /** Random; no other process ever has it. */
  id: string
  /** The host's name, which in a pod is the pod's. */
  host: string
  pid: number
  /** In which namespace `pid` counts. */
  pidNamespace: string | null
  /** Names one boot of one machine. */
  bootId: string | null
  /** When it started, in ticks since that boot. */
  startTicks: number | null
}

const MAX_HOST_CHARACTERS = 100

/** Describes this process, under a random name. */
export function identifyProcess(id: string): ProcessIdentity {
  return {
    id,
    host: os.hostname().slice(0, MAX_HOST_CHARACTERS),
    pid: process.pid,
    pidNamespace: readOrNull(() => readlinkSync('/proc/self/ns/pid')),
    bootId: currentBootId(),
    startTicks: startTicksOf(process.pid),
  }
}

/** Names this boot of this machine; null where the system does not say. */
export function currentBootId(): string | null {
  return readOrNull(() => readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim())
}

/** Whether it is certain that `other` does not run any more; false where it cannot be seen. */
export function isGone(other: ProcessIdentity, self: ProcessIdentity): boolean {
  if (other.bootId !== self.bootId || other.pidNamespace !== self.pidNamespace) return false
  // Without the name of the boot, the host's must do.
  if (self.bootId === null && other.host !== self.host) return false
  try {
    process.kill(other.pid, 0)
  } catch (error) {
    return codeOf(error) === 'ESRCH'
  }
  const startTicks = startTicksOf(other.pid)
  return startTicks !== null && other.startTicks !== null && startTicks !== other.startTicks
}

/** As people read it. */
export function describeProcess({ host, pid }: ProcessIdentity): string {
  return `${host} (process ${pid})`
}

/** The 22nd field of https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html */
function startTicksOf(pid: number): number | null {
  return readOrNull(() => {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
    // The second field is the program's name, which may hold anything, also parentheses.
    const ticks = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19])
    return Number.isSafeInteger(ticks) ? ticks : null
  })
}

function readOrNull<T>(read: () => T): T | null {
  try {
    return read()
  } catch {
    // Another system, or one that hides it: then nothing is known, and nothing concluded.
    return null
  }
}
