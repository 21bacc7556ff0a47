// The known_hosts format: plain and hashed names, ports, wildcards, negation, and
// markers. https://man.openbsd.org/sshd#SSH_KNOWN_HOSTS_FILE_FORMAT
import { createHmac, timingSafeEqual } from 'node:crypto'
import { matchesPatternList } from '../../ssh/pattern.js'
import { typeOf } from '../../ssh/wire-format.js'

/** What a line says of a host's key. */
export interface KnownKey {
  marker: 'trusted' | 'authority' | 'revoked'
  blob: Buffer
}

const MARKERS: Record<string, KnownKey['marker']> = {
  '@cert-authority': 'authority',
  '@revoked': 'revoked',
}

/** The keys that lines of `text` give for the host `name`, as `host` or `[host]:port`. */
export function findKnownKeys(text: string, name: string): KnownKey[] {
  return text.split(/\r?\n/).flatMap((line) => parseLine(line, name.toLowerCase()))
}

/** A malformed line says nothing, as in OpenSSH. */
function parseLine(line: string, name: string): KnownKey[] {
  const fields = line.trim().split(/[ \t]+/)
  let marker: KnownKey['marker'] | undefined = 'trusted'
  if (fields[0]?.startsWith('@')) marker = MARKERS[fields.shift() ?? '']
  const [hosts = '#', type, base64 = ''] = fields
  if (marker === undefined || hosts.startsWith('#') || !matchesHost(hosts, name)) return []
  const blob = Buffer.from(base64, 'base64')
  return typeOf(blob) === type ? [{ marker, blob }] : []
}

function matchesHost(hosts: string, name: string): boolean {
  if (hosts.startsWith('|')) return matchesHash(hosts, name)
  return matchesPatternList(hosts.toLowerCase(), name)
}

/** `|1|salt|hash`, where the hash is the HMAC-SHA1 of the name. */
function matchesHash(hosts: string, name: string): boolean {
  const [, version, salt = '', expected = ''] = hosts.split('|')
  if (version !== '1') return false
  const hash = createHmac('sha1', Buffer.from(salt, 'base64')).update(name).digest()
  const wanted = Buffer.from(expected, 'base64')
  return wanted.length === hash.length && timingSafeEqual(wanted, hash)
}
