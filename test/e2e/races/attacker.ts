// The attacker, as a process of another user or of the same; and what it needs to plant.
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chownSync, mkdirSync, readdirSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { atEnd, type TestScope } from '../../helpers/at-end.js'
import { createPipe, createSparseFile } from '../../helpers/special-files.js'

/** How often it did what. */
export type Attacks = Record<string, number>

export interface AttackerOptions {
  seed: number
  uid: number
  stock: string
  canaries: string
  /** What it attacks all below of. */
  directory: string
}

const SCRIPT = fileURLToPath(new URL('../../../../test/e2e/races/attacker.pl', import.meta.url))
const SPARSE_BYTES = 2 ** 40

export class Attacker {
  readonly #process: ChildProcess
  #output = ''

  constructor(scope: TestScope, options: AttackerOptions) {
    const { seed, uid, stock, canaries, directory } = options
    createStock(stock, uid)
    const args = [SCRIPT, String(seed), stock, canaries, directory]
    this.#process = spawn('perl', args, {
      stdio: ['pipe', 'pipe', 'inherit'],
      ...(uid === process.getuid?.() ? {} : { uid, gid: uid }),
    })
    this.#process.stdout?.on('data', (text) => {
      this.#output += text
    })
    atEnd(scope, () => this.#process.kill('SIGKILL'))
  }

  /** Ends it. Throws where it had ended before. */
  async stop(): Promise<Attacks> {
    if (this.#process.exitCode !== null) throw new Error('The attacker has ended by itself')
    const closed = once(this.#process, 'close')
    this.#process.stdin?.end()
    const [code] = await closed
    if (code !== 0) throw new Error(`The attacker ended with ${code}`)
    const lines = this.#output.trim().split('\n')
    return Object.fromEntries(
      lines.map((line) => [line.slice(line.indexOf(' ') + 1), Number.parseInt(line, 10)]),
    )
  }
}

/** A device needs root; without, a second pipe is in its place. */
function createStock(stock: string, owner: number): void {
  const at = (name: string) => path.join(stock, name)
  mkdirSync(stock)
  createPipe(at('fifo'))
  if (process.getuid?.() === 0) execFileSync('mknod', [at('device'), 'c', '1', '5'])
  else createPipe(at('device'))
  createSparseFile(at('sparse'), SPARSE_BYTES)
  for (const name of readdirSync(stock)) chownSync(at(name), owner, owner)
}
