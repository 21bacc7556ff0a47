// A key or certificate as secret stores and templates hand it out: with text around it, indented, on one
// line, with `\n` for the ends of its lines, or as base64 of all that. ssh and OpenSSL take some of
// these, and no form of one means another.

const BLOCK = /-----BEGIN ([A-Z0-9 ]*PRIVATE KEY)-----([\s\S]*?)-----END \1-----/
/** Base64 of a Secret's `data`, written where its `stringData` belongs; by two tools after each other. */
const MAX_LAYERS = 3

/** `text` as PEM, where it can be made such; else as it is. */
export function toPem(text: string): string {
  let pem = text
  for (let layer = 0; !pem.includes('-----BEGIN '); layer++) {
    const packed = withLineEnds(pem).replace(/[\s"']/g, '')
    if (layer === MAX_LAYERS || !/^[\w+/-]+={0,2}$/.test(packed)) return text
    pem = Buffer.from(packed, 'base64').toString()
  }
  return withLineEnds(pem)
}

/** The first private key in `text`, and nothing else; all of it where there is none. */
export function privateKeyIn(text: string): string {
  const pem = toPem(text)
  const [, label, body = ''] = BLOCK.exec(pem) ?? []
  if (label === undefined) return pem.trim()
  // Headers, as those of an encrypted key, have lines of their own.
  const lines = body.includes(':')
    ? body
        .trim()
        .split('\n')
        .map((line) => line.trim())
    : (body.replace(/\s/g, '').match(/.{1,64}/g) ?? [])
  return [`-----BEGIN ${label}-----`, ...lines, `-----END ${label}-----`, ''].join('\n')
}

function withLineEnds(text: string): string {
  return text.replace(/\\{1,4}r(?=\\{1,4}n)/g, '').replace(/\\{1,4}n|\r\n?/g, '\n')
}
