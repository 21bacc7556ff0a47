// The keys by which commits may be signed, whatever their format.
import { describeKey } from '../ssh/fingerprint.js'
import { type AllowedSigner, parseAllowedSigners } from './allowed-signers.js'
import { invalidKeys, type KeyFile } from './key-files.js'
import { isRevoked, parseRevokedKeys } from './revoked-keys.js'
import { describeSigner } from './signer.js'

type OpenPgp = typeof import('./openpgp-verdict.js')

/** What key files have. */
export interface SigningKeys {
  /** The lines of each file of SSH keys. */
  ssh: AllowedSigner[][]
  /** SSH keys that count no more, whatever the lines say. */
  revoked: Buffer[]
  /** What judges OpenPGP signatures, and by which keys; undefined where no file has any. */
  openPgp: { judge: OpenPgp; keys: Awaited<ReturnType<OpenPgp['readOpenPgpKeys']>> } | undefined
}

const MOST_DESCRIBED = 8

/** Reads what key files have. Throws `keys-invalid`, which names the file that cannot be used. */
export async function parseSigningKeys(
  files: readonly KeyFile[],
  revokedFiles: readonly KeyFile[] = [],
): Promise<SigningKeys> {
  const revoked = parseRevokedFiles(revokedFiles)
  const ssh: AllowedSigner[][] = []
  let openPgp: SigningKeys['openPgp']
  for (const { content, name } of files) {
    const bytes = Buffer.from(content)
    try {
      if (isOpenPgp(name, bytes)) {
        const judge = await import('./openpgp-verdict.js')
        const keys = await judge.readOpenPgpKeys(bytes)
        openPgp = { judge, keys: await judge.mergeOpenPgpKeys([...(openPgp?.keys ?? []), ...keys]) }
      } else {
        const lines = parseAllowedSigners(bytes.toString())
        if (lines.length === 0) throw new RangeError('has no keys')
        ssh.push(lines)
      }
    } catch (error) {
      throw asInvalid(name, error)
    }
  }
  return { ssh, revoked, openPgp }
}

/** Reads what files of revoked keys have. Throws `keys-invalid`. */
export function parseRevokedFiles(files: readonly KeyFile[]): Buffer[] {
  return files.flatMap(({ content, name }) => {
    try {
      return parseRevokedKeys(Buffer.from(content))
    } catch (error) {
      throw asInvalid(name, error)
    }
  })
}

function asInvalid(name: string, error: unknown): unknown {
  return error instanceof RangeError ? invalidKeys(name, error.message, error.cause) : error
}

/** By its name, or by what stands in it. */
function isOpenPgp(name: string, content: Buffer): boolean {
  return /\.(?:asc|gpg|pgp)$/i.test(name) || content.includes('-----BEGIN PGP ')
}

/** Whose signatures would count, as people read it. */
export function describeSigningKeys({ openPgp, revoked, ssh }: SigningKeys): string {
  const signers = [
    ...ssh
      .flat()
      .filter(({ key }) => !isRevoked({ key, certificate: undefined }, revoked))
      .map(({ comment, isAuthority, key, principals = comment }) => ({
        name: isAuthority ? `certificates for ${principals} by` : principals,
        key: describeKey(key),
      })),
    ...(openPgp ? openPgp.keys.map(openPgp.judge.describeOpenPgpKey) : []),
  ].map(describeSigner)
  const shown = [...new Set(signers)]
  const more = shown.length - MOST_DESCRIBED
  return [...shown.slice(0, MOST_DESCRIBED), ...(more > 0 ? [`${more} more`] : [])].join(', ')
}
