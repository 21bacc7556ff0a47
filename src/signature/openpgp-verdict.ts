// Who made an OpenPGP signature, as gpg judges it: by what is known of the key now, not by what held
// when it signed. Loaded only where a key file is one of OpenPGP, as its library takes its time.
// https://www.rfc-editor.org/rfc/rfc4880
import {
  createMessage,
  config as DEFAULTS,
  type Key,
  readKeys,
  readSignature,
  SignaturePacket,
} from 'openpgp'
import type { Signer, Verdict } from './signer.js'
import type { SignedPayload } from './ssh-verdict.js'

/** Public keys of OpenPGP. */
export type OpenPgpKeys = readonly Key[]

/** As gpg has it, but for what SHA-1 signed. */
const CONFIG = {
  ...DEFAULTS,
  minRSABits: 1024,
  rejectPublicKeyAlgorithms: new Set<never>(),
  rejectCurves: new Set<never>(),
}
/** Curves that the library has in browsers only. */
const NOT_ON_NODE = /^(?:brainpool|secp256k1)/
const BLOCK = /^-----BEGIN PGP PUBLIC KEY BLOCK-----$[\s\S]*?^-----END PGP PUBLIC KEY BLOCK-----$/gm

/** Reads the public keys of a file, armoured or not. Throws a RangeError where it has none. */
export async function readOpenPgpKeys(content: Buffer): Promise<OpenPgpKeys> {
  const text = content.toString('latin1').replaceAll('\r', '')
  if (text.includes('-----BEGIN PGP PRIVATE KEY')) {
    throw new RangeError('holds a private key, which nobody needs to verify: export the public one')
  }
  const blocks = text.match(BLOCK)
  try {
    const read = blocks
      ? await Promise.all(blocks.map((armoredKeys) => readKeys({ armoredKeys, config: CONFIG })))
      : [await readKeys({ binaryKeys: content, config: CONFIG })]
    const keys = read.flat()
    if (keys.some((key) => key.isPrivate())) throw new Error('a private key')
    if (keys.length > 0) return keys
  } catch (error) {
    throw new RangeError(
      'has no public keys of OpenPGP that can be read: export them with gpg --export --armor',
      {
        cause: error,
      },
    )
  }
  throw new RangeError('has no public key of OpenPGP')
}

/** Of what several files say of one key, all counts: also that it was revoked. */
export async function mergeOpenPgpKeys(keys: OpenPgpKeys): Promise<OpenPgpKeys> {
  const merged = new Map<string, Key>()
  for (const key of keys) {
    const known = merged.get(key.getFingerprint())
    merged.set(key.getFingerprint(), known ? await known.update(key, undefined, CONFIG) : key)
  }
  return [...merged.values()]
}

/** How people tell a key. */
export function describeOpenPgpKey(key: Key): Signer {
  const [name = ''] = key.getUserIDs()
  return { name, key: key.getFingerprint().toUpperCase() }
}

/** Who of the owners of `keys` made a signature. */
export async function openPgpVerdict(
  armoured: string,
  { payload }: SignedPayload,
  keys: OpenPgpKeys,
  nowMs: number,
): Promise<Verdict> {
  const packet = await readPacket(armoured)
  if (typeof packet === 'string') return { fault: packet }
  const id = packet.issuerKeyID
  const by = `is signed by the OpenPGP key ${idOf(packet)}`
  const candidates = keys.filter((key) => key.getKeys(id).length > 0)
  if (candidates.length === 0) return { fault: `${by}, which is none of those that are given` }
  // Who made it may have a clock that is ahead.
  const at = new Date(Math.max(nowMs, packet.created?.getTime() ?? 0))
  let why = ''
  for (const key of candidates) {
    try {
      await verify(packet, key, payload, at)
      return { signer: describeOpenPgpKey(key) }
    } catch (error) {
      why = reasonOf(error)
    }
  }
  return { fault: `${by}, and not accepted: ${why}` }
}

async function verify(packet: SignaturePacket, key: Key, payload: Buffer, at: Date): Promise<void> {
  for (const each of [key, ...key.getKeys(packet.issuerKeyID)]) {
    const { curve = '' } = each.keyPacket.getAlgorithmInfo()
    if (NOT_ON_NODE.test(curve)) throw new Error(`Keys of the curve ${curve} are not verified here`)
  }
  const { keyPacket } = await key.getSigningKey(packet.issuerKeyID, at, undefined, CONFIG)
  if (packet.created && packet.created < keyPacket.created) {
    throw new Error('It is older than its key')
  }
  const { packets } = await createMessage({ binary: new Uint8Array(payload) })
  const [literal] = packets
  if (!literal || packet.signatureType === null) throw new Error('It is of no content')
  await packet.verify(keyPacket, packet.signatureType, literal, at, true, CONFIG)
}

/** The one signature, or what is wrong. */
async function readPacket(armoredSignature: string): Promise<SignaturePacket | string> {
  try {
    const config = { ...CONFIG, ignoreUnsupportedPackets: false }
    const { packets } = await readSignature({ armoredSignature, config })
    const [packet] = packets
    if (packet && !(packet instanceof SignaturePacket)) throw new Error('It is another packet')
    if (packets.length === 1 && packet) return packet
    return `has ${packets.length} OpenPGP signatures in one, of which git accepts none`
  } catch (error) {
    return `has an OpenPGP signature that cannot be read: ${reasonOf(error)}`
  }
}

function idOf({ issuerFingerprint, issuerKeyID }: SignaturePacket): string {
  const id = issuerFingerprint
    ? Buffer.from(issuerFingerprint).toString('hex')
    : issuerKeyID.toHex()
  return id.toUpperCase()
}

function reasonOf(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error)
  return text.replace(/\p{Cc}+/gu, ' ').slice(0, 300)
}
