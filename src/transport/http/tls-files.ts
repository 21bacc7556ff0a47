// The certificates of TLS connections, from files that may be rotated at any time.
// Verification cannot be turned off, and nothing older than TLS 1.2 is spoken.
import { X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { stat } from 'node:fs/promises'
import tls from 'node:tls'
import { codeOf } from '../../base/errno.js'
import { SyncError } from '../../base/errors.js'
import { type NamedFile, namedIn, showFile } from '../../base/file-name.js'
import { readFault } from '../../base/regular-file.js'
import { privateKeyIn, toPem } from '../../credentials/key-text.js'
import {
  invalidIn,
  readCredentialFile,
  readText,
  withoutLineEnd,
} from '../../credentials/secret-file.js'
import type { TlsIdentity } from '../../credentials/tls-identity.js'

/** The files of one kind of connection. */
export interface TlsFiles {
  /** Certificates of CAs that are trusted beside those that Node trusts. */
  caFile: NamedFile | undefined
  identity: TlsIdentity | undefined
}

const CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g

/** What changes whenever one of the files does, or comes or goes. */
export async function fingerprintOf({ caFile, identity }: TlsFiles): Promise<string> {
  const files = [caFile, ...(identity ? Object.values(filesOf(identity)) : [])]
  const prints = files.map(async (named) => {
    if (!named) return ''
    try {
      const { ino, size, mtimeNs, ctimeNs } = await stat(named.file, { bigint: true })
      return [ino, size, mtimeNs, ctimeNs].join()
    } catch (error) {
      // Whoever reads it says what is wrong.
      return codeOf(error)
    }
  })
  return (await Promise.all(prints)).join('\n')
}

/** Reads the files. Throws `tls-failed` for a bad `caFile`, `credentials-invalid` for others. */
export async function createTlsContext(files: TlsFiles): Promise<tls.SecureContext> {
  const { caFile, identity } = files
  const ca = caFile === undefined ? undefined : [...defaultRoots(), ...(await readRoots(caFile))]
  const shown = identity ? await readIdentity(identity) : {}
  try {
    return tls.createSecureContext({ minVersion: 'TLSv1.2', ...(ca ? { ca } : {}), ...shown })
  } catch (error) {
    if (!identity) throw error
    // OpenSSL's words name no content of the files.
    const reason = error instanceof Error ? error.message : String(error)
    throw invalidIn(
      identity.origin.name,
      `its client certificate and key cannot be used (${reason}): both must be PEM and belong together, and an encrypted key needs its clientKeyPassphraseFile`,
      error,
    )
  }
}

function filesOf({
  origin: { folder },
  clientCertFile,
  clientKeyFile,
  clientKeyPassphraseFile,
}: TlsIdentity) {
  return {
    clientCertFile: namedIn(folder, clientCertFile),
    clientKeyFile: namedIn(folder, clientKeyFile),
    clientKeyPassphraseFile:
      clientKeyPassphraseFile === undefined ? undefined : namedIn(folder, clientKeyPassphraseFile),
  }
}

async function readIdentity(identity: TlsIdentity): Promise<tls.SecureContextOptions> {
  const files = filesOf(identity)
  const read = async (field: keyof typeof files) => {
    const named = files[field]
    return named && readText(named.file, identity.origin.name, `its ${field} ${showFile(named)}`)
  }
  const passphrase = await read('clientKeyPassphraseFile')
  return {
    cert: toPem((await read('clientCertFile')) ?? ''),
    key: privateKeyIn((await read('clientKeyFile')) ?? ''),
    ...(passphrase === undefined ? {} : { passphrase: withoutLineEnd(passphrase) }),
  }
}

async function readRoots(caFile: NamedFile): Promise<string[]> {
  const unusable = (fault: string, cause?: unknown) =>
    new SyncError(
      'tls-failed',
      `CA_FILE ${showFile(caFile)} ${fault}; it is read again at the next attempt`,
      { cause },
    )
  const text = await readCredentialFile(caFile.file).catch((error) => {
    // The system's own words hold the name of the file.
    const code = codeOf(error)
    throw unusable(readFault(error, code), code ? undefined : error)
  })
  const certificates = toPem(text).match(CERTIFICATE) ?? []
  try {
    for (const certificate of certificates) new X509Certificate(certificate)
  } catch (error) {
    throw unusable('has a certificate that cannot be parsed', error)
  }
  if (certificates.length === 0) throw unusable('has no certificate in PEM form')
  return certificates
}

/** What Node trusts where nothing is said: naming any CA replaces all of them. */
function defaultRoots(): readonly string[] {
  // Node 20 cannot tell; later it counts in the system's store and NODE_EXTRA_CA_CERTS.
  if ('getCACertificates' in tls && typeof tls.getCACertificates === 'function') {
    return tls.getCACertificates('default')
  }
  return [...tls.rootCertificates, ...extraRoots()]
}

/** Node has warned at its start where this file of its own cannot be read. */
function extraRoots(): string[] {
  const file = process.env['NODE_EXTRA_CA_CERTS']
  if (!file) return []
  try {
    return readFileSync(file, 'latin1').match(CERTIFICATE) ?? []
  } catch {
    return []
  }
}
