// A git server of any number of tiny repositories, each of one commit of one file, that answers by
// itself: ten thousand of real git's processes would take longer than what is measured with them.
// It speaks as server-process.ts does.
import { createHash } from 'node:crypto'
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import { deflateSync } from 'node:zlib'
import { hashObject, type ObjectType } from '../../src/git/object.js'
import { FLUSH } from '../../src/git/pkt-line.js'
import { band, encodeLines } from '../helpers/pkts.js'
import type { ServerMessage } from './server-process.js'

const CAPABILITIES = ['version 2', 'ls-refs', 'fetch=shallow', 'object-format=sha1']
const PACK_TYPES = { commit: 1, tree: 2, blob: 3 } as const
const PEOPLE =
  'author Bench <b@example.com> 1700000000 +0000\ncommitter Bench <b@example.com> 1700000000 +0000'

let [requests, bytesOut, running, mostAtOnce] = [0, 0, 0, 0]

const server = http.createServer(async (request, response) => {
  requests++
  mostAtOnce = Math.max(mostAtOnce, ++running)
  response.once('close', () => running--)
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk)
  const isGet = request.method === 'GET'
  const what = isGet ? 'advertisement' : 'result'
  response.setHeader('content-type', `application/x-git-upload-pack-${what}`)
  const answer = isGet
    ? encodeLines('# service=git-upload-pack', '0000', ...CAPABILITIES, '0000')
    : answerOf(request.url?.split('/')[1] ?? '', Buffer.concat(chunks))
  bytesOut += answer.length
  response.end(answer)
})
server.keepAliveTimeout = 0
server.listen(0, '127.0.0.1', () => {
  send({ url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` })
})

process.on('message', () => {
  send({ requests, bytesOut, mostAtOnce, sent: [] })
  mostAtOnce = running
})
process.on('disconnect', () => process.exit())

function answerOf(name: string, asked: Buffer): Buffer {
  const { oid, pack } = repositoryOf(name)
  if (asked.includes('command=ls-refs')) {
    const head = `${oid} HEAD symref-target:refs/heads/main`
    return encodeLines(head, `${oid} refs/heads/main`, '0000')
  }
  return Buffer.concat([encodeLines('packfile', band(1, pack)), FLUSH])
}

function repositoryOf(name: string): { oid: string; pack: Buffer } {
  const blob = Buffer.from(`${name}\n`.repeat(20))
  const entry = Buffer.from(hashObject('blob', blob, 'sha1'), 'hex')
  const tree = Buffer.concat([Buffer.from('100644 file.txt\0'), entry])
  const head = `tree ${hashObject('tree', tree, 'sha1')}\n${PEOPLE}\n\n${name}\n`
  const commit = Buffer.from(head)
  const count = Buffer.from([0, 0, 0, 3])
  const objects = Buffer.concat([
    Buffer.from('PACK\0\0\0\u0002', 'latin1'),
    count,
    packed('commit', commit),
    packed('tree', tree),
    packed('blob', blob),
  ])
  const trailer = createHash('sha1').update(objects).digest()
  return { oid: hashObject('commit', commit, 'sha1'), pack: Buffer.concat([objects, trailer]) }
}

/** https://git-scm.com/docs/gitformat-pack */
function packed(type: ObjectType & keyof typeof PACK_TYPES, body: Buffer): Buffer {
  const first = (PACK_TYPES[type] << 4) | (body.length & 15)
  const rest: number[] = []
  for (let left = body.length >> 4; left > 0; left >>= 7) rest.push(left & 127)
  const head = [first, ...rest].map((byte, at, { length }) => (at < length - 1 ? byte | 128 : byte))
  return Buffer.concat([Buffer.from(head), deflateSync(body)])
}

function send(message: ServerMessage): void {
  process.send?.(message)
}
