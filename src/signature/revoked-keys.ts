// SSH keys that are revoked, one a line as in .pub files: what git's gpg.ssh.revocationFile names, and
// ssh-keygen judges by. https://man.openbsd.org/ssh-keygen#KEY_REVOCATION_LISTS
import { parseSshCertificate } from '../ssh/certificate.js'
import { parsePublicKey } from '../ssh/public-key.js'
import { typeOf } from '../ssh/wire-format.js'
import type { SshSignature } from './sshsig.js'

const KRL_MAGIC = 'SSHKRL\n\0'

/**
 * Reads the keys of a list; of a certificate, the key that it is of. Throws a RangeError that says what is
 * wrong, as a predicate of the file or as of `line 3`.
 */
export function parseRevokedKeys(content: Buffer): Buffer[] {
  if (content.indexOf(KRL_MAGIC) === 0) {
    throw new RangeError(
      'is a KRL, the binary list of ssh-keygen -k, which is not read: list the public keys that it was made of, one a line, as TYPE BASE64',
    )
  }
  return content
    .toString()
    .split('\n')
    .flatMap((line, index) => {
      const written = line.trim()
      if (written === '' || written.startsWith('#')) return []
      const key = parseKey(written)
      if (key) return [key]
      throw new RangeError(
        `line ${index + 1} has no public key of SSH: write TYPE BASE64, as in .pub files`,
      )
    })
}

function parseKey(line: string): Buffer | undefined {
  const [type, base64 = ''] = line.split(/[ \t]+/)
  const blob = Buffer.from(base64, 'base64')
  const key = parseSshCertificate(blob)?.key ?? blob
  return typeOf(blob) === type && parsePublicKey(key) ? key : undefined
}

/** Whether what signed is revoked: the key, or whose certificate it has. */
export function isRevoked(
  { certificate, key }: Pick<SshSignature, 'certificate' | 'key'>,
  revoked: readonly Buffer[],
): boolean {
  return revoked.some((each) => each.equals(key) || certificate?.authority.equals(each) === true)
}
