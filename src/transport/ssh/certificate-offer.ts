// Host certificates with ssh2 1.17.0, which knows plain host keys only. It is made to ask for
// them, and told of each that is shown which key must have signed the exchange; it verifies
// that signature itself, as ever. This relies on names within ssh2: `_protocol` of a client
// (lib/client.js), `_offer` and `_kex` of that (lib/protocol/Protocol.js), `negotiated` and
// `_hostKey` of a key exchange (lib/protocol/kex.js). Where they differ, no certificate passes.
import type { Client } from 'ssh2'
import { SyncError } from '../../base/errors.js'
import { CERTIFICATE_SUFFIX, parseSshCertificate } from '../../ssh/certificate.js'
import { keyAlgorithm } from '../../ssh/key-algorithms.js'

interface Names {
  array: string[]
}

type Direction = Record<'cipher' | 'mac' | 'compress' | 'lang', Names>

interface Offer {
  constructor: new (lists: object) => Offer
  lists: { kex: Names; serverHostKey: Names; cs: Direction; sc: Direction }
}

interface KeyExchange {
  /** The algorithm: compared with the type of what the host shows, then of its signature. */
  negotiated: { serverHostKey: string }
  /** What the host shows: read for the exchange hash, then for the key of its signature. */
  _hostKey: Buffer | undefined
}

interface Protocol {
  _offer: Offer
  _kex: KeyExchange | undefined
}

/**
 * Asks the host for a certificate of each type of key that is asked for, before the key alone. To
 * be called right after the client's `connect`, whose `hostVerifier` is given the certificates, and
 * has to refuse those that do not hold.
 */
export function offerHostCertificates(client: Client): void {
  const protocol: unknown = Reflect.get(client, '_protocol')
  if (!isProtocol(protocol)) {
    throw new SyncError('internal', 'Host certificates need ssh2 1.17.0; install this version')
  }
  const { lists, constructor: KexInit } = protocol._offer
  const keys = lists.serverHostKey.array
  protocol._offer = new KexInit({
    kex: lists.kex.array,
    serverHostKey: [...keys.map((algorithm) => algorithm + CERTIFICATE_SUFFIX), ...keys],
    cs: namesOf(lists.cs),
    sc: namesOf(lists.sc),
  })
  let current = protocol._kex
  Object.defineProperty(protocol, '_kex', {
    get: () => current,
    set(exchange: KeyExchange) {
      current = exchange
      acceptCertificate(exchange)
    },
  })
}

function isProtocol(value: unknown): value is Protocol {
  const keys = at(value, '_offer', 'lists', 'serverHostKey', 'array')
  const isOffer = Array.isArray(keys) && at(value, '_offer', 'constructor') !== Object
  return isOffer && '_kex' in Object(value)
}

/** What a path of names leads to; undefined where it ends before. */
function at(value: unknown, ...names: string[]): unknown {
  return names.reduce((inner, name) => Reflect.get(Object(inner), name), value)
}

function namesOf({ cipher, mac, compress, lang }: Direction) {
  return { cipher: cipher.array, mac: mac.array, compress: compress.array, lang: lang.array }
}

/** Leaves an exchange alone in which a plain host key was agreed on. */
function acceptCertificate(exchange: KeyExchange): void {
  const { negotiated } = exchange
  if (!negotiated.serverHostKey.endsWith(CERTIFICATE_SUFFIX)) return
  const signatureAlgorithm = negotiated.serverHostKey.slice(0, -CERTIFICATE_SUFFIX.length)
  const { keyType } = keyAlgorithm(signatureAlgorithm) ?? { keyType: signatureAlgorithm }
  negotiated.serverHostKey = keyType + CERTIFICATE_SUFFIX
  let certificate: Buffer | undefined
  let isHashed = false
  Object.defineProperty(exchange, '_hostKey', {
    get() {
      if (isHashed) return certificate && parseSshCertificate(certificate)?.key
      isHashed = true
      return certificate
    },
    set(shown: Buffer | undefined) {
      certificate = shown && Buffer.from(shown)
      isHashed = false
      negotiated.serverHostKey = signatureAlgorithm
    },
  })
}
