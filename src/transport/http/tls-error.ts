// What to do about a TLS connection that was refused, on either side.
// https://nodejs.org/api/tls.html#x509-certificate-error-codes

/** By the code or the words of an error; the first that fits counts. */
const TLS_REMEDIES: readonly (readonly [RegExp, (host: string) => string])[] = [
  [
    /CERT_HAS_EXPIRED|CERT_NOT_YET_VALID/,
    (host) =>
      `the certificate of ${host} is not valid at this time: renew it there, or correct the clock here`,
  ],
  [
    /ALTNAME_INVALID|HOSTNAME_MISMATCH/,
    (host) =>
      `the certificate of ${host} is for another name: use one of its names as the host of repo, or have it issued for this one`,
  ],
  [
    /UNABLE_TO_|SELF_SIGNED_|INVALID_CA/,
    (host) =>
      `the CA that issued the certificate of ${host} is not known here: name the CA's certificate in CA_FILE`,
  ],
  [
    /CERTIFICATE_REQUIRED|alert number 116/i,
    (host) =>
      `${host} wants a client certificate: name one as clientCertFile and clientKeyFile of a credential in CREDENTIALS_PATH`,
  ],
  [
    /PROTOCOL_VERSION|UNSUPPORTED_PROTOCOL|alert number 70/i,
    (host) => `${host} speaks only versions of TLS older than 1.2: update it`,
  ],
  [
    /WRONG_VERSION_NUMBER|PACKET_LENGTH|HTTP_REQUEST/i,
    (host) => `what answers at ${host} does not speak TLS: check the scheme and the port`,
  ],
  [
    /_ALERT_|alert number/i,
    (host) =>
      `${host} broke the handshake off: where it wants a client certificate, check clientCertFile and clientKeyFile of the credential in CREDENTIALS_PATH`,
  ],
]

/** What went wrong with TLS, and what to do; `detail` is the error's own words and code. */
export function explainTls(host: string, detail: string): string {
  const [, remedy] = TLS_REMEDIES.find(([pattern]) => pattern.test(detail)) ?? []
  const what = remedy?.(host) ?? 'check the clock and the certificate, or name its CA in CA_FILE'
  return `No trusted TLS connection to ${host} (${detail}): ${what}`
}
