// Keys of SSH in one directory, by their names, and what they sign.
import path from 'node:path'
import { type TestScope, tempDir } from '../helpers/git.js'
import {
  composeSshSig,
  publicKeyOf,
  type SoftwareSecurityKey,
  sshSign,
} from '../helpers/ssh-signing.js'
import { createCertificate, createKey } from '../helpers/sshd.js'
import { type SignedBody, tagWith, withSignature } from './verdict-peer.js'

/** The type of a key, and what else ssh-keygen is told. */
export type KeyKind = readonly [type: string, ...args: string[]]

/** A certificate of a key of its own. */
export interface CertificateKind {
  authority: string
  /** Of the key. @default ed25519 */
  type?: string
  args: readonly string[]
}

/** Keys that sign `commit` and `tag`, once they are created. */
export function sshKeys(commit: Buffer, tag: Buffer) {
  let directory = ''
  const file = (name: string) => path.join(directory, name)
  const by = (name: string) => (): SignedBody => withSignature(commit, sshSign(file(name), commit))
  return {
    /** The file of a private key, or of anything beside it. */
    file,
    /** A public key, as a line. */
    key: (name: string) => publicKeyOf(file(name)),
    by,
    tagBy: (name: string) => (): SignedBody => tagWith(tag, sshSign(file(name), tag)),
    certified: (name: string) => by(`${name}-cert.pub`),
    onDevice: (device: SoftwareSecurityKey, flags?: number) => (): SignedBody => {
      const { publicKey } = device
      const sign = (signed: Buffer) => device.sign(signed, flags)
      return withSignature(commit, composeSshSig({ publicKey, sign }, commit))
    },
    create(
      t: TestScope,
      keys: Readonly<Record<string, KeyKind>>,
      certificates: Readonly<Record<string, CertificateKind>>,
    ): void {
      directory = tempDir(t)
      for (const [name, [type, ...args]] of Object.entries(keys)) {
        createKey(file(name), type, ...args)
      }
      for (const [name, { args, authority, type = 'ed25519' }] of Object.entries(certificates)) {
        createKey(file(name), type)
        createCertificate(file(name), file(authority), ...args)
      }
    },
  }
}
