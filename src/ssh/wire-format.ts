// The fields of keys, certificates and signatures, as SSH writes them: nothing beyond what
// there is gets read. https://www.rfc-editor.org/rfc/rfc4251#section-5

/** Encodes a string, which may have any bytes. */
export function encodeString(content: string | Buffer): Buffer {
  const bytes = Buffer.from(content)
  const length = Buffer.alloc(4)
  length.writeUInt32BE(bytes.length)
  return Buffer.concat([length, bytes])
}

/** The type that a key, a certificate or a signature starts with; empty where it is malformed. */
export function typeOf(blob: Buffer): string {
  try {
    return new WireReader(blob).string().toString('latin1')
  } catch {
    // Bytes lack.
    return ''
  }
}

/** Reads one field after another. Throws a RangeError where bytes lack, or are left. */
export class WireReader {
  readonly #bytes: Buffer
  /** How many bytes are read. */
  at = 0

  constructor(bytes: Buffer) {
    this.#bytes = bytes
  }

  uint32(): number {
    return this.#bytes.readUInt32BE(this.#advance(4))
  }

  uint64(): bigint {
    return this.#bytes.readBigUInt64BE(this.#advance(8))
  }

  /** The bytes of a string, which may be any. */
  string(): Buffer {
    return this.bytes(this.uint32())
  }

  /** So many bytes. */
  bytes(length: number): Buffer {
    const start = this.#advance(length)
    return this.#bytes.subarray(start, this.at)
  }

  /** The strings in a string. */
  list(): Buffer[] {
    const inner = new WireReader(this.string())
    const strings: Buffer[] = []
    while (inner.at < inner.#bytes.length) strings.push(inner.string())
    return strings
  }

  /** To be called after the last field. */
  end(): void {
    if (this.at !== this.#bytes.length) throw new RangeError('bytes are left')
  }

  #advance(length: number): number {
    const start = this.at
    if (start + length > this.#bytes.length) throw new RangeError('bytes lack')
    this.at += length
    return start
  }
}
