// Secrets, and what is signed by them, as Standard Webhooks have both.
// https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md

/** The shortest key that a secret may stand for, in bytes: a signature by an empty one is anybody's. */
const MIN_KEY_BYTES = 16
const SECRET = /^whsec_([A-Za-z0-9+/_-]+={0,2})$/

/** The key that `secret` stands for; undefined where it is no `whsec_` and the base64 of a key. */
export function standardKey(secret: string): Buffer | undefined {
  const key = Buffer.from(SECRET.exec(secret)?.[1] ?? '', 'base64')
  return key.length >= MIN_KEY_BYTES ? key : undefined
}

/** What is signed before the body, with it. */
export function signedPrefix(id: string, timestamp: string): string {
  return `${id}.${timestamp}.`
}
