// Whether what is in place was looked at since the machine was booted. After a loss of power,
// a file can have the size and the times that are remembered of it, and not its content.
import path from 'node:path'
import { toBytePath } from '../../volume/byte-path.js'
import { tolerating, UNWRITABLE } from '../../volume/errnos.js'
import type { Volume } from '../../volume/volume.js'
import type { Lease } from './lease.js'
import { currentBootId } from './process-identity.js'

/** The file's name, beside the lease. */
export const BOOT_FILE = 'boot'

const MAX_BOOT_BYTES = 4096

/**
 * Whether every file's content is to be compared, as this is the first look in this boot; false
 * where the system does not tell boots apart.
 */
export function isFirstLook(volume: Volume, lease: Lease): boolean {
  const bootId = currentBootId()
  if (bootId === null) return false
  const last = volume.readFile(bootFileOf(lease), MAX_BOOT_BYTES)
  return last?.toString('latin1').trim() !== bootId
}

/** Writes down that all was looked at; where it cannot, the next start looks again. */
export function rememberLook(volume: Volume, lease: Lease): void {
  const file = bootFileOf(lease)
  tolerating(UNWRITABLE, () => volume.replaceFile(file, `${currentBootId()}\n`))
}

function bootFileOf({ file }: Lease): string {
  return path.join(path.dirname(toBytePath(file)), BOOT_FILE)
}
