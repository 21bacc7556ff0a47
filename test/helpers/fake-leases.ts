// Leases without files: a test says who holds which.
import type { LeaseAnswer } from '../../src/publish/lease/claim.js'
import type { Lease } from '../../src/publish/lease/lease.js'
import type { LeaseSight } from '../../src/publish/lease/sight.js'
import type { Target } from '../../src/publish/target.js'
import type { LeaseStore } from '../../src/worker/lease-store.js'
import { Gate } from './gate.js'

export class FakeLeases implements LeaseStore {
  /** Whether leases are kept at all; on a volume that cannot be written they are not. */
  isWritable = false
  /** What the lease of another instance shows, by directory. */
  readonly others = new Map<string, string>()
  /** Directories whose other holder is known to be dead. */
  readonly dead = new Set<string>()
  /** Directories whose other holder has another share of the remotes. */
  readonly ofOtherShards = new Set<string>()
  /** Directories whose lease is wanted back from this instance. */
  readonly wanted = new Set<string>()
  /** The directories whose leases this instance holds. */
  readonly held = new Set<string>()
  /** Which leases were renewed, in order, by directory. */
  readonly renewed: string[] = []
  /** Directories on whose volume a sign of life never ends. */
  readonly hanging = new Set<string>()
  /** What the next attempts fail with, one each. */
  readonly errors: Error[] = []
  /** Where attempts wait. */
  readonly acquiring = new Gate()
  /** How often it was asked for a lease. */
  asked = 0

  async acquire({ directory }: Target, expired: string | undefined): Promise<LeaseAnswer> {
    this.asked++
    await this.acquiring.pass()
    const error = this.errors.shift()
    if (error) throw error
    if (!this.isWritable) return { state: 'unwritable' }
    const seen = this.others.get(directory)
    if (seen === undefined) {
      this.held.add(directory)
      // Each directory is a volume.
      const lease = { file: directory, base: directory, id: 'own', volume: directory.length }
      return { state: 'held', lease }
    }
    const holder = `holder of ${directory}`
    if (seen !== expired && !this.dead.has(directory)) {
      return { state: 'waiting', holder, seen, isOfOtherShard: this.ofOtherShards.has(directory) }
    }
    this.others.delete(directory)
    this.held.add(directory)
    return { state: 'taken', holder }
  }

  async look(targets: readonly Target[]): Promise<LeaseSight[]> {
    return targets.map(({ directory }) => {
      const seen = this.others.get(directory)
      if (seen !== undefined) {
        const isShared = this.ofOtherShards.has(directory)
        return { state: 'others', holder: `holder of ${directory}`, seen, isShared }
      }
      if (!this.held.has(directory)) return { state: 'absent' }
      return { state: 'own', isWanted: this.wanted.has(directory) }
    })
  }

  async renew(leases: readonly Lease[]): Promise<boolean[]> {
    this.renewed.push(...leases.map(({ file }) => file))
    if (leases.some(({ file }) => this.hanging.has(file))) await new Promise(() => undefined)
    return leases.map(({ file }) => this.held.has(file) && !this.others.has(file))
  }

  async release({ file }: Lease): Promise<void> {
    this.held.delete(file)
  }
}
