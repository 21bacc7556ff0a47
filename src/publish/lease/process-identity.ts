// Which process this is, so that another one on the same machine can tell whether it still
// runs. A process listens on an abstract socket of its own name, which the kernel takes away
// with it: whoever shares its network namespace, as all containers of a pod do, sees that in
// a table. No clock, no network and no process ids are compared.
import { readFileSync, readlinkSync } from 'node:fs'
import net from 'node:net'
import os from 'node:os'
import { formatShard, readShard, type Shard } from '../../base/shard.js'

/** A process, as others are told of it; null where the system does not say. */
export interface ProcessIdentity {
  /** Random; no other process ever has it. */
  id: string
  /** The host's name, which in a pod is the pod's. */
  host: string
  pid: number
  /** Names one boot of one machine. */
  bootId: string | null
  /** Where its socket is to be seen; null where it has none. */
  networkNamespace: string | null
  /** Its share of the remotes, as SHARD has it; absent: all of them. */
  shard?: string
}

const MAX_HOST_CHARACTERS = 100
/** What the names of sockets start with; https://man7.org/linux/man-pages/man7/unix.7.html */
const SOCKET_PREFIX = 'git-autosync/'

/** Lets others see that this process lives, under a random name, until it ends. */
export function announceProcess(id: string, shard?: Shard): ProcessIdentity {
  const socket = net.createServer((connection) => connection.destroy())
  // A system without such sockets: then others wait until its leases expire.
  socket.on('error', () => undefined)
  socket.listen(`\0${SOCKET_PREFIX}${id}`).unref()
  return {
    id,
    host: os.hostname().slice(0, MAX_HOST_CHARACTERS),
    pid: process.pid,
    bootId: currentBootId(),
    networkNamespace: isAnnounced(id) ? readOrNull(() => readlinkSync('/proc/self/ns/net')) : null,
    ...(shard && { shard: formatShard(shard) }),
  }
}

/** Names this boot of this machine; null where the system does not say. */
export function currentBootId(): string | null {
  return readOrNull(() => readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim())
}

/** Whether it is certain that `other` does not run any more; false where it cannot be seen. */
export function isGone(other: ProcessIdentity, self: ProcessIdentity): boolean {
  const { bootId, networkNamespace } = self
  if (bootId === null || networkNamespace === null) return false
  if (other.bootId !== bootId || other.networkNamespace !== networkNamespace) return false
  return isAnnounced(other.id) === false
}

/** As people read it. */
export function describeProcess({ host, pid, shard: text }: ProcessIdentity): string {
  const shard = readShard(text)
  return `${host} (process ${pid}${shard ? `, shard ${formatShard(shard)}` : ''})`
}

/** Whether `other` has another share of the remotes than `self`. */
export function isOfOtherShard(other: ProcessIdentity, self: ProcessIdentity): boolean {
  const [theirs, ours] = [readShard(other.shard), readShard(self.shard)]
  return theirs !== undefined && ours !== undefined && theirs.index !== ours.index
}

/** Whether there is the socket of that name; null where the system does not say. */
function isAnnounced(id: string): boolean | null {
  const sockets = readOrNull(() => readFileSync('/proc/net/unix', 'latin1'))
  // The kernel shows a NUL as @, and pads the name with them.
  if (sockets === null) return null
  const shown = `@${SOCKET_PREFIX}${id}`
  return sockets.includes(`${shown}@`) || sockets.includes(`${shown}\n`)
}

function readOrNull<T>(read: () => T): T | null {
  try {
    return read()
  } catch {
    // Another system, or one that hides it: then nothing is known, and nothing concluded.
    return null
  }
}
