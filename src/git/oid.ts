// Object ids, as lower-case hex. https://git-scm.com/docs/hash-function-transition

/** 40 (sha1) or 64 (sha256) lower-case hex digits. */
export type Oid = string

export type ObjectFormat = 'sha1' | 'sha256'

/** The length of a binary oid, in bytes. */
export function oidBytes(format: ObjectFormat): number {
  return format === 'sha1' ? 20 : 32
}

/** The format an oid of this length belongs to. */
export function objectFormatOf(oid: Oid): ObjectFormat {
  return oid.length === 40 ? 'sha1' : 'sha256'
}

/** Whether `text` is a full oid of either format. */
export function isOid(text: string): text is Oid {
  return /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/.test(text)
}
