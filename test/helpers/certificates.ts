// Certificates made by OpenSSL's own command: a CA, and what it issues to servers and
// to clients.
import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import path from 'node:path'

/** A certificate and its key, as PEM files. */
export interface CertificateFiles {
  cert: string
  key: string
}

export interface TestCa extends CertificateFiles {
  /** Issues a certificate for names such as `DNS:localhost` or `IP:127.0.0.1`. */
  issue(name: string, options?: IssueOptions): CertificateFiles
}

export interface IssueOptions {
  /** @default ['IP:127.0.0.1', 'DNS:localhost'] */
  names?: readonly string[]
  /** From its start of validity, a day ago; 0 or less: it has expired. @default 30 */
  days?: number
  /** Encrypts the key. */
  passphrase?: string
}

/** Makes a CA in `directory`. */
export function createCa(directory: string, name: string): TestCa {
  const cert = path.join(directory, `${name}.pem`)
  const key = path.join(directory, `${name}.key`)
  openssl('req', '-x509', ...newKey(key), '-out', cert, '-days', '30', '-subj', `/CN=${name}`)
  return {
    cert,
    key,
    issue(leafName, options = {}) {
      const { names = ['IP:127.0.0.1', 'DNS:localhost'], days = 30, passphrase } = options
      const leaf = {
        cert: path.join(directory, `${leafName}.pem`),
        key: path.join(directory, `${leafName}.key`),
      }
      const request = path.join(directory, `${leafName}.csr`)
      const extensions = path.join(directory, `${leafName}.ext`)
      writeFileSync(extensions, `subjectAltName=${names.join(',')}\n`)
      openssl('req', ...newKey(leaf.key, passphrase), '-out', request, '-subj', `/CN=${leafName}`)
      const issuer = ['-CA', cert, '-CAkey', key, '-CAcreateserial']
      openssl(
        'x509',
        '-req',
        '-in',
        request,
        ...issuer,
        '-days',
        String(days),
        '-out',
        leaf.cert,
        '-extfile',
        extensions,
      )
      return leaf
    },
  }
}

function newKey(file: string, passphrase?: string): string[] {
  const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-keyout', file]
  return [...curve, ...(passphrase === undefined ? ['-nodes'] : ['-passout', `pass:${passphrase}`])]
}

function openssl(...args: string[]): void {
  execFileSync('openssl', args, { stdio: 'pipe' })
}
