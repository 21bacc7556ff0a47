// Real gpg with a home of its own, and keys of every kind in it.
import { execFileSync } from 'node:child_process'
import { chmodSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { atEnd } from './at-end.js'
import { type TestScope, tempDir } from './git.js'

export class GpgHome {
  readonly directory: string

  constructor(t: TestScope) {
    this.directory = tempDir(t)
    chmodSync(this.directory, 0o700)
    atEnd(t, () => execFileSync('gpgconf', ['--kill', 'all'], { env: this.#env, stdio: 'ignore' }))
  }

  get #env() {
    return { ...process.env, GNUPGHOME: this.directory, LC_ALL: 'C.UTF-8' }
  }

  /** Runs gpg, and returns what it prints. */
  run(args: readonly string[], input: string | Buffer = ''): Buffer {
    const batch = [
      '--batch',
      '--quiet',
      '--no-tty',
      '--pinentry-mode',
      'loopback',
      '--passphrase',
      '',
    ]
    return execFileSync('gpg', [...batch, ...args], {
      env: this.#env,
      input,
      stdio: ['pipe', 'pipe', 'pipe'],
    })
  }

  /** Makes a key for a user id, and returns its fingerprint. */
  createKey(
    userId: string,
    algorithm: string,
    { expires = 'never', args = [] as string[] } = {},
  ): string {
    this.run([...args, '--quick-generate-key', userId, algorithm, 'sign,cert', expires])
    return this.fingerprintOf(userId)
  }

  fingerprintOf(userId: string): string {
    const listed = this.run(['--with-colons', '--list-keys', `=${userId}`]).toString()
    return /^fpr:+([0-9A-F]+):/m.exec(listed)?.[1] ?? ''
  }

  /** The fingerprints of all subkeys of a key. */
  subkeysOf(key: string): string[] {
    const listed = this.run(['--with-colons', '--list-keys', key]).toString()
    return [...listed.matchAll(/^fpr:+([0-9A-F]+):/gm)].map(([, each = '']) => each).slice(1)
  }

  /** Revokes a whole key, by the certificate that was made with it. */
  revoke(key: string): void {
    const file = path.join(this.directory, 'openpgp-revocs.d', `${key}.rev`)
    const text = readFileSync(file, 'utf8').replace(/^:-----/m, '-----')
    this.run(['--import'], text)
  }

  /** Runs what gpg asks for on a terminal. */
  edit(key: string, commands: readonly string[], args: readonly string[] = []): void {
    const batch = [
      '--no-tty',
      '--pinentry-mode',
      'loopback',
      '--passphrase',
      '',
      '--command-fd',
      '0',
    ]
    execFileSync('gpg', [...args, ...batch, '--status-fd', '2', '--edit-key', key], {
      env: this.#env,
      input: `${commands.join('\n')}\n`,
      stdio: ['pipe', 'pipe', 'pipe'],
    })
  }

  /** A detached signature in its armour; `!` after a fingerprint means that very key. */
  sign(payload: Buffer, key: string, ...args: string[]): string {
    return this.run(['-u', key, ...args, '--armor', '--detach-sign'], payload).toString()
  }

  /** The public keys in their armour; all of them where none is named. */
  export(...keys: string[]): string {
    return this.run(['--armor', '--export', ...keys]).toString()
  }

  /** Writes public keys to a file. */
  exportTo(file: string, ...keys: string[]): string {
    writeFileSync(file, this.export(...keys))
    return file
  }
}
