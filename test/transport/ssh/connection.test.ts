import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import net, { type AddressInfo } from 'node:net'
import path from 'node:path'
import { test } from 'node:test'
import { SyncError } from '../../../src/base/errors.js'
import type { RemoteSession } from '../../../src/remote/remote-session.js'
import type { SshTransportOptions } from '../../../src/transport/ssh/transport.js'
import { atEnd } from '../../helpers/at-end.js'
import { failsWith } from '../../helpers/fails-with.js'
import { FakeClock } from '../../helpers/fake-clock.js'
import { fileScope } from '../../helpers/file-scope.js'
import { freePort } from '../../helpers/free-port.js'
import { createRepo, type TestRepo, type TestScope, tempDir } from '../../helpers/git.js'
import { until } from '../../helpers/service.js'
import { type SshdOptions, startSshd, startTcpProxy } from '../../helpers/sshd.js'
import { bytesOf, createHarness, credentialFor, type Harness, signal } from './ssh-harness.js'

const scope = fileScope()
let made: { repo: TestRepo; tip: string } | undefined

/** A repository that takes a while to be sent, for all tests of this file, which only read it. */
function largeRepo() {
  if (made) return made
  const repo = createRepo(path.join(tempDir(scope), 'repo.git'), { bare: true })
  made = { repo, tip: repo.commit('large', { random: randomBytes(6_000_000) }) }
  return made
}

/** A server behind a proxy, with {@link largeRepo}. */
async function serve(
  t: TestScope,
  {
    sshd: config = {},
    client = {},
  }: {
    sshd?: SshdOptions
    client?: Partial<SshTransportOptions>
  } = {},
) {
  const sshd = await startSshd(t, config)
  const proxy = await startTcpProxy(t, sshd.port)
  writeFileSync(
    sshd.knownHosts,
    readFileSync(sshd.knownHosts, 'utf8').replace(/^\S+/, `[127.0.0.1]:${proxy.port}`),
  )
  const { repo, tip } = largeRepo()
  const { session, transports } = createHarness(t, client)
  const url = `ssh://${sshd.user}@127.0.0.1:${proxy.port}${repo.dir}`
  const open = (): RemoteSession => session(url, credentialFor(sshd))
  const request = { wants: [tip], haves: [], thinPack: false }
  return { sshd, proxy, repo, tip, open, transports, request }
}

async function drain(chunks: AsyncIterator<Buffer>): Promise<void> {
  while (!(await chunks.next()).done);
}

const poll = async (remote: RemoteSession) => (await remote.listRefs(['HEAD'], signal))[0]?.oid

test('many repositories of a host share one connection, and no poll opens another', async (t) => {
  const { proxy, tip, open } = await serve(t)
  const remotes = Array.from({ length: 50 }, open)
  for (let round = 0; round < 2; round++) {
    const oids = await Promise.all(remotes.map(poll))
    assert.deepEqual(new Set(oids), new Set([tip]))
    assert.equal(proxy.connections, 1)
  }
})

test('a server with room for few sessions serves all, in turn', async (t) => {
  const { proxy, tip, open } = await serve(t, { sshd: { config: ['MaxSessions 2'] } })
  const remotes = Array.from({ length: 12 }, open)
  const oids = await Promise.all(remotes.map(poll))
  assert.deepEqual(new Set(oids), new Set([tip]))
  // A session that has just ended may still count, for as long as the server likes: then what comes
  // next takes another connection. Each has run a command before, of which a poll takes two.
  assert.ok(proxy.connections <= 2 * remotes.length, `${proxy.connections} connections`)
  await until(() => proxy.open === 1, 'one of them is kept')
})

test('a server without room for any session is told', async (t) => {
  const { open } = await serve(t, { sshd: { config: ['MaxSessions 0'] } })
  await assert.rejects(poll(open()), failsWith('remote-error', /lets this user run no command/))
})

test('a connection that was dropped while idle is opened again, without a failure', async (t) => {
  const { sshd, proxy, tip, open } = await serve(t)
  const remote = open()
  assert.equal(await poll(remote), tip)
  proxy.cut()
  await until(() => proxy.open === 0, 'the connection is cut')
  assert.equal(await poll(remote), tip)
  assert.equal(proxy.connections, 2)
  await sshd.stop()
  await assert.rejects(poll(remote), failsWith('connection-failed'))
  await sshd.start()
  assert.equal(await poll(remote), tip)
})

test('a connection that breaks within a pack fails the fetch; the next one succeeds', async (t) => {
  const { proxy, tip, open, request } = await serve(t)
  const remote = open()
  assert.equal(await poll(remote), tip)
  proxy.cutAfter(2_000_000)
  await assert.rejects(
    (async () => bytesOf(await remote.fetch(request, signal)))(),
    failsWith(
      'connection-failed',
      /^The (SSH )?connection to 127\.0\.0\.1:\d+ failed \(.*tried again$/,
    ),
  )
  const pack = await bytesOf(await remote.fetch(request, signal))
  assert.ok(pack.length > 1_000_000)
})

test('sessions that are killed within a pack fail the fetch as well', async (t) => {
  const { sshd, open, request } = await serve(t)
  const remote = open()
  const chunks = (await remote.fetch(request, signal)).chunks[Symbol.asyncIterator]()
  await chunks.next()
  await sshd.stop()
  await assert.rejects(
    (async () => {
      while (!(await chunks.next()).done);
    })(),
    failsWith('connection-failed'),
  )
})

test('a fetch that is aborted or left frees its channel, and keeps the connection', async (t) => {
  const { proxy, tip, open, request } = await serve(t)
  const remote = open()
  // More often than there are channels.
  for (const leave of Array.from({ length: 12 }, (_, index) => index % 2 === 0)) {
    const abort = new AbortController()
    const chunks = (await remote.fetch(request, abort.signal)).chunks[Symbol.asyncIterator]()
    await chunks.next()
    if (leave) {
      await chunks.return?.()
    } else {
      abort.abort(new Error('no longer wanted'))
      await assert.rejects(drain(chunks), failsWith('aborted'))
    }
  }
  assert.equal(await poll(remote), tip)
  assert.equal(proxy.connections, 1)
})

test('who waits for a channel can be aborted', async (t) => {
  const { open, request, sshd } = await serve(t, { sshd: { config: ['MaxSessions 1'] } })
  const remote = open()
  const chunks = (await remote.fetch(request, signal)).chunks[Symbol.asyncIterator]()
  await chunks.next()
  const limited = new AbortController()
  const listing = open().listRefs(['HEAD'], limited.signal)
  listing.catch(() => {})
  await until(() => sshd.log().includes('no more sessions'), 'there is no room beside the fetch')
  limited.abort(new SyncError('sync-timeout', 'late'))
  await assert.rejects(listing, failsWith('sync-timeout'))
  await chunks.return?.()
})

test('a reader that stands still holds up nobody else, and loses nothing', async (t) => {
  const { tip, open, request, repo } = await serve(t)
  const remote = open()
  const fetched = await remote.fetch(request, signal)
  const chunks = fetched.chunks[Symbol.asyncIterator]()
  const first = await chunks.next()
  for (let round = 0; round < 5; round++) assert.equal(await poll(open()), tip)
  let bytes = first.value?.length ?? 0
  for (;;) {
    const { value, done } = await chunks.next()
    if (done) break
    bytes += value.length
  }
  const size = (await bytesOf(await remote.fetch(request, signal))).length
  assert.equal(bytes, size)
  assert.equal(repo.oid('HEAD'), tip)
})

test('a server that falls silent is given up, and its connection with it', async (t) => {
  const clock = new FakeClock()
  const { proxy, tip, open } = await serve(t, { client: { clock, idleTimeoutMs: 700 } })
  const remote = open()
  assert.equal(await poll(remote), tip)
  proxy.freeze()
  /** Time passes in steps by which a connection is there long before it counts as silent. */
  const pollInVain = async () => {
    let failure: unknown
    const failed = poll(remote).catch((error) => {
      failure = error
    })
    const isOver = async () => {
      await clock.advance(20)
      return failure
    }
    await until(isOver, 'it is given up')
    await failed
    throw failure
  }
  await assert.rejects(pollInVain, failsWith('idle-timeout', /sent nothing for IDLE_TIMEOUT/))
  await assert.rejects(pollInVain, failsWith('connect-timeout', /finish the SSH login in time/))
  assert.equal(proxy.connections, 2)
})

test('the end of the transports ends all that is under way', async (t) => {
  const { proxy, open, request, transports } = await serve(t)
  const chunks = (await open().fetch(request, signal)).chunks[Symbol.asyncIterator]()
  await chunks.next()
  await transports.close()
  await assert.rejects(
    (async () => {
      while (!(await chunks.next()).done);
    })(),
    failsWith('aborted'),
  )
  await until(() => proxy.open === 0, 'no connection is open')
  await assert.rejects(poll(open()), failsWith('aborted'))
})

test('a host that cannot be reached, or speaks no SSH, is told in words', async (t) => {
  const trusting = { knownHostsFile: false, password: 'pass word' } as const
  const [patient, impatient] = [{}, { idleTimeoutMs: 400 }].map((limits) =>
    createHarness(t, limits),
  )
  const at = (host: string, harness = patient) =>
    poll((harness as Harness).session(`ssh://git@${host}/a`, trusting))
  await assert.rejects(
    at('nonexistent.invalid'),
    failsWith('host-not-found', /nonexistent\.invalid is not found/),
  )
  await assert.rejects(at(`127.0.0.1:${await freePort()}`), failsWith('connection-refused'))
  const banner = async (text: string | undefined) => {
    const server = net.createServer((socket) => {
      socket.on('error', () => {})
      if (text !== undefined) socket.end(text)
    })
    server.listen(0, '127.0.0.1')
    await new Promise((resolve) => server.once('listening', resolve))
    atEnd(t, () => server.close())
    return `127.0.0.1:${(server.address() as AddressInfo).port}`
  }
  await assert.rejects(at(await banner(undefined), impatient), failsWith('connect-timeout'))
  await assert.rejects(
    at(await banner('')),
    failsWith('connection-failed', /check that an SSH server answers at this port/),
  )
  await assert.rejects(
    at(await banner('HTTP/1.1 400 Bad Request\r\n\r\n')),
    failsWith('connection-failed'),
  )
  await assert.rejects(at(await banner('SSH-1.5-old\r\n')), failsWith('ssh-failed', /SSH server/))
})

test('a host that has only what is lacking here is told with what both offer', async (t) => {
  const config = ['KexAlgorithms sntrup761x25519-sha512@openssh.com']
  const { open } = await serve(t, { sshd: { config } })
  const words =
    /no matching key exchange algorithm: the host offers sntrup761x25519-sha512@openssh\.com.*; this service has curve25519-sha256.*\)/
  await assert.rejects(open().listRefs(['HEAD'], signal), failsWith('ssh-failed', words))
})

test('what keeps upload-pack from serving is told in its own words', async (t) => {
  const refuse = (words: string, code: number) => ({
    sshd: { config: [`ForceCommand sh -c 'echo "${words}" >&2; exit ${code}'`] },
  })
  for (const [words, exit, code, told] of [
    ['ERROR: Repository not found.', 1, 'repository-not-found', /it said: ERROR: Repository not/],
    ['Permission to a/b denied to c.', 1, 'access-denied', /needs the right to read/],
    ['sh: git-upload-pack: not found', 127, 'not-a-git-server', /install git there/],
    [
      'out of order at https://u:pw@host/',
      3,
      'remote-error',
      /it said: out of order at https:\/\/host/,
    ],
    ['', 3, 'remote-error', /could not be served.*\(exit code 3\)/],
  ] as const) {
    const { open } = await serve(t, refuse(words, exit))
    await assert.rejects(poll(open()), failsWith(code, told))
  }
})
