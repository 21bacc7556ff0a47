// Asks real git and this service about one commit or tag, with the same keys.
import { spawnSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { deflateSync } from 'node:zlib'
import { SyncError } from '../../src/base/errors.js'
import { hashObject } from '../../src/git/object.js'
import { type ObjectFormat, type Oid, objectFormatOf } from '../../src/git/oid.js'
import { readKeyFiles, readRevokedFiles } from '../../src/signature/key-files.js'
import {
  readSignedCommit,
  readSignedTag,
  type SignedObject,
} from '../../src/signature/signed-object.js'
import { parseSigningKeys } from '../../src/signature/signing-keys.js'
import { verifySignature } from '../../src/signature/verify.js'
import { gitBytes, gitEnvironment, type TestScope, tempDir } from '../helpers/git.js'

/** A commit or a tag as it is stored. */
export interface SignedBody {
  type: 'commit' | 'tag'
  body: Buffer
}

/** Who is trusted: a home of gpg and what is exported of it, or an allowed_signers file. */
export interface TrustedKeys {
  gnupgHome?: string
  /** For git. */
  allowedSigners?: string
  /** For this service. */
  keyFiles: string[]
  /** A list of revoked keys, for both. */
  revoked?: string
}

export class VerdictPeer {
  readonly #directory: string
  readonly #format: ObjectFormat

  constructor(t: TestScope, format: ObjectFormat = 'sha1') {
    this.#directory = tempDir(t)
    this.#format = format
    gitBytes(this.#directory, ['init', '-q', `--object-format=${format}`])
  }

  /** What git says to it: its exit status, and its words. */
  askGit({ body, type }: SignedBody, trusted: TrustedKeys, more: NodeJS.ProcessEnv = {}) {
    const { allowedSigners = '', gnupgHome = '/nowhere', revoked } = trusted
    const oid = this.#write(type, body)
    const config = ['-c', `gpg.ssh.allowedSignersFile=${allowedSigners}`]
    if (revoked !== undefined) config.push('-c', `gpg.ssh.revocationFile=${revoked}`)
    const { status, stderr } = spawnSync('git', [...config, `verify-${type}`, '-v', oid], {
      cwd: this.#directory,
      env: { ...gitEnvironment(), ...more, GNUPGHOME: gnupgHome },
    })
    return { isAccepted: status === 0, words: stderr.toString(), oid }
  }

  /** As `git hash-object -w --literally`, which takes a process. */
  #write(type: SignedBody['type'], body: Buffer): Oid {
    const oid = hashObject(type, body, this.#format)
    const folder = path.join(this.#directory, '.git/objects', oid.slice(0, 2))
    mkdirSync(folder, { recursive: true })
    const stored = Buffer.concat([Buffer.from(`${type} ${body.length}\0`), body])
    writeFileSync(path.join(folder, oid.slice(2)), deflateSync(stored))
    return oid
  }

  /** Who signed it, or the error. */
  async ask({ body, type }: SignedBody, { keyFiles, revoked }: TrustedKeys, nowMs: number) {
    const revokedFiles = await readRevokedFiles(revoked === undefined ? [] : [revoked])
    const keys = await parseSigningKeys(await readKeyFiles(keyFiles), revokedFiles)
    const oid = '0'.repeat(this.#format === 'sha1' ? 40 : 64)
    try {
      const object: SignedObject =
        type === 'commit'
          ? readSignedCommit(oid, body, objectFormatOf(oid))
          : readSignedTag(oid, body)
      return { isAccepted: true, words: await verifySignature(object, keys, nowMs) }
    } catch (error) {
      if (error instanceof RangeError) return { isAccepted: false, words: error.message }
      if (error instanceof SyncError && error.code === 'signature-refused') {
        return { isAccepted: false, words: error.message }
      }
      throw error
    }
  }
}

const TREE = {
  sha1: '4b825dc642cb6eb9a060e54bf8d69288fbee4904',
  sha256: '6ef19b41225c5369f1c104d45d8d85efa9b057b53b14b4b9b939dd74de5321a7',
}

/** The body of a commit without a signature. */
export function unsignedCommit({
  message = 'A commit\n' as string | Buffer,
  at = 1704067200,
  format = 'sha1' as ObjectFormat,
  headers = '',
} = {}): Buffer {
  const who = `T <t@example.com> ${at} +0000`
  const head = `tree ${TREE[format]}\nauthor ${who}\ncommitter ${who}\n${headers}\n`
  return Buffer.concat([Buffer.from(head), Buffer.from(message)])
}

/** A commit with a signature in its headers, as git writes it. */
export function withSignature(commit: Buffer, signature: string, header = 'gpgsig'): SignedBody {
  const end = commit.indexOf('\n\n') + 1
  const written = `${header} ${signature.trimEnd().replaceAll('\n', '\n ')}\n`
  return {
    type: 'commit',
    body: Buffer.concat([commit.subarray(0, end), Buffer.from(written), commit.subarray(end)]),
  }
}

/** The body of a tag without a signature. */
export function unsignedTag({
  name = 'v1',
  message = 'A tag\n',
  at = 1704067200,
  object = TREE.sha1,
  type = 'tree',
} = {}): Buffer {
  return Buffer.from(
    `object ${object}\ntype ${type}\ntag ${name}\ntagger T <t@example.com> ${at} +0000\n\n${message}`,
  )
}

/** A tag with its signature at the end. */
export function tagWith(tag: Buffer, signature: string): SignedBody {
  return { type: 'tag', body: Buffer.concat([tag, Buffer.from(signature)]) }
}
