// An Ed25519 key in the format of OpenSSH, the only one in which the SSH client reads it.
// https://github.com/openssh/openssh-portable/blob/master/PROTOCOL.key
import type { KeyObject } from 'node:crypto'
import { encodeString } from '../../ssh/wire-format.js'

const TYPE = 'ssh-ed25519'
const BLOCK_BYTES = 8

/** Encodes a private key, without encryption. */
export function encodeEd25519Key(key: KeyObject): string {
  const { x = '', d = '' } = key.export({ format: 'jwk' })
  const publicKey = Buffer.from(x, 'base64url')
  const check = Buffer.alloc(8)
  const secret = Buffer.concat([
    check,
    encodeString(TYPE),
    encodeString(publicKey),
    encodeString(Buffer.concat([Buffer.from(d, 'base64url'), publicKey])),
    encodeString(''),
  ])
  const padding = Buffer.from(
    Array.from({ length: -secret.length & (BLOCK_BYTES - 1) }, (_, index) => index + 1),
  )
  const container = Buffer.concat([
    Buffer.from('openssh-key-v1\0'),
    encodeString('none'),
    encodeString('none'),
    encodeString(''),
    Buffer.from([0, 0, 0, 1]),
    encodeString(Buffer.concat([encodeString(TYPE), encodeString(publicKey)])),
    encodeString(Buffer.concat([secret, padding])),
  ])
  const lines = container.toString('base64').replace(/.{70}/g, '$&\n').trim()
  return `-----BEGIN OPENSSH PRIVATE KEY-----\n${lines}\n-----END OPENSSH PRIVATE KEY-----\n`
}
