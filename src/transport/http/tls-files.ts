// The certificates of TLS connections, from files that may be rotated at any time.
// Verification cannot be turned off, and nothing older than TLS 1.2 is spoken.
import { X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { stat } from 'node:fs/promises'
import tls from 'node:tls'
import { codeOf } from '../../base/errno.js'
import { type ErrorCode, SyncError } from '../../base/errors.js'
import { type NamedFile, showFile } from '../../base/file-name.js'
import { readFault, readRegularFile } from '../../base/regular-file.js'
import type { TlsIdentity } from '../../credentials/tls-identity.js'

/** The files of one kind of connection. */
export interface TlsFiles {
  /** Certificates of CAs that are trusted beside those that Node trusts. */
  caFile: string | undefined
  identity: TlsIdentity | undefined
}

/** A file of {@link TlsFiles}, and how its faults are said. */
interface Source {
  file: string
  /** As a sentence begins. */
  name: string
  code: ErrorCode
}

/** The most that one of the files may have, in bytes: some twenty times the CAs of a browser. */
const MAX_BYTES = 4 * 1024 * 1024

const CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g

/** What changes whenever one of the files does. Throws where one cannot be looked at. */
export async function fingerprintOf(files: TlsFiles): Promise<string> {
  const prints = sourcesOf(files).map((source) =>
    readSafely(source, async () => {
      const { ino, size, mtimeNs, ctimeNs } = await stat(source.file, { bigint: true })
      return [source.file, ino, size, mtimeNs, ctimeNs].join()
    }),
  )
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
    // OpenSSL's words name no content of the files.
    const reason = error instanceof Error ? error.message : String(error)
    throw new SyncError(
      'credentials-invalid',
      `The client certificate ${identity?.certFile.file} and its key ${identity?.keyFile.file} cannot be used (${reason}): both must be PEM and belong together, and an encrypted key needs its clientKeyPassphraseFile`,
      { cause: error },
    )
  }
}

function sourcesOf({ caFile, identity }: TlsFiles): Source[] {
  return [
    ...(caFile === undefined ? [] : [caSource(caFile)]),
    ...(identity ? Object.values(identitySources(identity)) : []),
  ].filter((source) => source !== undefined)
}

function caSource(file: string): Source {
  return { file, name: `CA_FILE ${file}`, code: 'tls-failed' }
}

function identitySources({ certFile, keyFile, passphraseFile }: TlsIdentity) {
  return {
    cert: identitySource('clientCertFile', certFile),
    key: identitySource('clientKeyFile', keyFile),
    passphrase: passphraseFile && identitySource('clientKeyPassphraseFile', passphraseFile),
  }
}

function identitySource(field: string, named: NamedFile): Source {
  return { file: named.file, name: `The ${field} ${showFile(named)}`, code: 'credentials-invalid' }
}

async function readIdentity(identity: TlsIdentity): Promise<tls.SecureContextOptions> {
  const { cert, key, passphrase } = identitySources(identity)
  return {
    cert: await readText(cert),
    key: await readText(key),
    ...(passphrase ? { passphrase: (await readText(passphrase)).replace(/\r?\n$/, '') } : {}),
  }
}

async function readRoots(file: string): Promise<string[]> {
  const source = caSource(file)
  const certificates = (await readText(source)).match(CERTIFICATE) ?? []
  try {
    for (const certificate of certificates) new X509Certificate(certificate)
  } catch (error) {
    throw unusable(source, 'has a certificate that cannot be parsed', error)
  }
  if (certificates.length === 0) throw unusable(source, 'has no certificate in PEM form')
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

function readText(source: Source): Promise<string> {
  return readSafely(source, async () =>
    (await readRegularFile(source.file, MAX_BYTES)).toString('latin1'),
  )
}

async function readSafely<T>(source: Source, read: () => Promise<T>): Promise<T> {
  try {
    return await read()
  } catch (error) {
    // The system's own words hold the name of the file.
    const code = codeOf(error)
    throw unusable(source, readFault(error, code), code ? undefined : error)
  }
}

function unusable({ name, code }: Source, fault: string, cause?: unknown): SyncError {
  return new SyncError(code, `${name} ${fault}; it is read again at the next attempt`, {
    cause,
  })
}
