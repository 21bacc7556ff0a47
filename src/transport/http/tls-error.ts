// What to do about a TLS connection that was refused, on either side.
// https://nodejs.org/api/tls.html#x509-certificate-error-codes

/** By the code or the words of an error; the first that fits counts. */
const TLS_REMEDIES: readonly (readonly [RegExp, string])[] = [
  [
    /CERT_HAS_EXPIRED|CERT_NOT_YET_VALID/,
    'the certificate of HOST is not valid at this time: renew it there, or correct the clock here',
  ],
  [
    /ALTNAME_INVALID|HOSTNAME_MISMATCH/,
    'the certificate of HOST is for another name: use one of its names as the host of repo, or have it issued for this one',
  ],
  [
    /UNABLE_TO_|SELF_SIGNED_|INVALID_CA/,
    "the CA that issued the certificate of HOST is not known here: name the CA's certificate in CA_FILE",
  ],
  [
    /CERTIFICATE_REQUIRED|alert number 116/i,
    'HOST wants a client certificate: name one as clientCertFile and clientKeyFile of a credential in CREDENTIALS_PATH',
  ],
  [
    /PROTOCOL_VERSION|UNSUPPORTED_PROTOCOL|alert number 70/i,
    'HOST speaks only versions of TLS older than 1.2: update it',
  ],
  [
    /_ALERT_|alert number/i,
    'HOST broke the handshake off: where it wants a client certificate, check clientCertFile and clientKeyFile of the credential in CREDENTIALS_PATH',
  ],
]

/** What answers in plain text where TLS is spoken; OpenSSL only sees a strange version. */
const PLAIN = /WRONG_VERSION_NUMBER|PACKET_LENGTH|HTTP_REQUEST/i
/** OpenSSL's words: the thread, the number of the error, its library, function, reason, file and line. */
const OPENSSL = /(?:[\dA-F]+:)?error:[\dA-F]+:[^:]*:[^:]*:([^:]*):[^:]*:\d+:[^)\n]*\n?/g

/** What went wrong with TLS, and what to do; `detail` is the error's own words and code. */
export function explainTls(host: string, detail: string): string {
  if (PLAIN.test(detail)) {
    return `What answers at ${host} does not speak TLS: check the scheme and the port`
  }
  const [, remedy] = TLS_REMEDIES.find(([pattern]) => pattern.test(detail)) ?? []
  const what = remedy ?? 'check the clock and the certificate, or name its CA in CA_FILE'
  const words = detail.replace(OPENSSL, '$1').trim()
  return `No trusted TLS connection to ${host} (${words}): ${what.replaceAll('HOST', host)}`
}
