// The keys by which commits may be signed, whatever their format.
import { describeKey } from '../ssh/fingerprint.js'
import { type AllowedSigner, parseAllowedSigners } from './allowed-signers.js'
import { invalidKeys, type KeyFile } from './key-files.js'
import { describeSigner } from './signer.js'

type OpenPgp = typeof import('./openpgp-signer.js')

/** What key files have. */
export interface SigningKeys {
  /** The lines of each file of SSH keys. */
  ssh: AllowedSigner[][]
  /** What judges OpenPGP signatures, and by which keys; undefined where no file has any. */
  openPgp: { judge: OpenPgp; keys: Awaited<ReturnType<OpenPgp['readOpenPgpKeys']>> } | undefined
}

const MOST_DESCRIBED = 8

/** Reads what key files have. Throws `keys-invalid`, which names the file that has none. */
export async function parseSigningKeys(files: readonly KeyFile[]): Promise<SigningKeys> {
  const ssh: AllowedSigner[][] = []
  let openPgp: SigningKeys['openPgp']
  for (const { content, name } of files) {
    const bytes = Buffer.from(content)
    try {
      if (isOpenPgp(name, bytes)) {
        const judge = await import('./openpgp-signer.js')
        const keys = await judge.readOpenPgpKeys(bytes)
        openPgp = { judge, keys: await judge.mergeOpenPgpKeys([...(openPgp?.keys ?? []), ...keys]) }
      } else {
        const lines = parseAllowedSigners(bytes.toString())
        if (lines.length === 0) throw new RangeError('has no keys')
        ssh.push(lines)
      }
    } catch (error) {
      if (!(error instanceof RangeError)) throw error
      throw invalidKeys(name, error.message, error.cause)
    }
  }
  return { ssh, openPgp }
}

/** By its name, or by what stands in it. */
function isOpenPgp(name: string, content: Buffer): boolean {
  return /\.(?:asc|gpg|pgp)$/i.test(name) || content.includes('-----BEGIN PGP ')
}

/** Whose signatures would count, as people read it. */
export function describeSigningKeys({ openPgp, ssh }: SigningKeys): string {
  const signers = [
    ...ssh.flat().map(({ comment, isAuthority, key, principals = comment }) => ({
      name: isAuthority ? `certificates for ${principals} by` : principals,
      key: describeKey(key),
    })),
    ...(openPgp ? openPgp.keys.map(openPgp.judge.describeOpenPgpKey) : []),
  ].map(describeSigner)
  const shown = [...new Set(signers)]
  const more = shown.length - MOST_DESCRIBED
  return [...shown.slice(0, MOST_DESCRIBED), ...(more > 0 ? [`${more} more`] : [])].join(', ')
}
