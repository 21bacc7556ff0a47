// Decodes what is asked of upload-pack. https://git-scm.com/docs/protocol-v2#_command_request
import { isOid, type ObjectFormat, type Oid, objectFormatOf } from '../../git/oid.js'
import { decodePkts } from '../../git/pkt-line.js'

export interface LsRefsRequest {
  command: 'ls-refs'
  peel: boolean
  symrefs: boolean
  unborn: boolean
  prefixes: string[]
}

export interface FetchRequest {
  command: 'fetch'
  wants: Oid[]
  haves: Oid[]
}

/** A request that cannot be served; the message goes to the client as `ERR`. */
export class RefusedRequest extends Error {
  override readonly name = 'RefusedRequest'
}

/** Decodes the body of a request. Throws {@link RefusedRequest}. */
export async function decodeRequest(
  body: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  server: ObjectFormat,
): Promise<LsRefsRequest | FetchRequest> {
  const { capabilities, lines } = await readLines(body)
  const command = capabilities.find((line) => line.startsWith('command='))?.slice(8)
  const format = capabilities.find((line) => line.startsWith('object-format='))?.slice(14)
  const client = format ?? 'sha1'
  if (client !== server) {
    throw new RefusedRequest(`mismatched object format: server ${server}; client ${client}`)
  }
  if (command === 'ls-refs') return decodeLsRefs(lines)
  if (command === 'fetch') return decodeFetch(lines, server)
  throw new RefusedRequest(`unknown command ${command ?? '(none)'}`)
}

async function readLines(body: AsyncIterable<Uint8Array> | Iterable<Uint8Array>) {
  const capabilities: string[] = []
  const lines: string[] = []
  let section = capabilities
  for await (const pkt of decodePkts(body)) {
    if (pkt.type === 'delim') section = lines
    else if (pkt.type === 'data') section.push(pkt.payload.toString('utf8').replace(/\n$/, ''))
  }
  return { capabilities, lines }
}

function decodeLsRefs(lines: readonly string[]): LsRefsRequest {
  return {
    command: 'ls-refs',
    peel: lines.includes('peel'),
    symrefs: lines.includes('symrefs'),
    unborn: lines.includes('unborn'),
    prefixes: valuesOf(lines, 'ref-prefix'),
  }
}

function decodeFetch(lines: readonly string[], format: ObjectFormat): FetchRequest {
  const wants = valuesOf(lines, 'want')
  const haves = valuesOf(lines, 'have')
  if (wants.length === 0) throw new RefusedRequest('nothing is wanted')
  for (const oid of [...wants, ...haves]) {
    if (!isOid(oid) || objectFormatOf(oid) !== format)
      throw new RefusedRequest(`not an object id: ${oid.slice(0, 80)}`)
  }
  if (valuesOf(lines, 'deepen').join() !== '1') {
    throw new RefusedRequest('a repository on disk is served with deepen 1 only')
  }
  if (!lines.includes('done')) throw new RefusedRequest('expected done: nothing is negotiated')
  return { command: 'fetch', wants, haves }
}

function valuesOf(lines: readonly string[], name: string): string[] {
  return lines.flatMap((line) => (line.startsWith(`${name} `) ? [line.slice(name.length + 1)] : []))
}
