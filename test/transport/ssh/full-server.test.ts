// A server that opens a session or not as a test says, as sshd does by how many it counts.
import assert from 'node:assert/strict'
import { EventEmitter } from 'node:events'
import { readFileSync } from 'node:fs'
import { type AddressInfo, Socket } from 'node:net'
import path from 'node:path'
import { test } from 'node:test'
import { setImmediate as nextTurn } from 'node:timers/promises'
import ssh2 from 'ssh2'
import { systemClock } from '../../../src/base/clock.js'
import { SyncError } from '../../../src/base/errors.js'
import { SshConnection } from '../../../src/transport/ssh/connection.js'
import { IdleLimit } from '../../../src/transport/ssh/idle-limit.js'
import { atEnd } from '../../helpers/at-end.js'
import { failsWith } from '../../helpers/fails-with.js'
import type { TestScope } from '../../helpers/git.js'
import { until } from '../../helpers/service.js'
import { startSshd } from '../../helpers/sshd.js'
import { createHarness, signal } from './ssh-harness.js'

const TIP = '1'.repeat(40)

/** Of each connection in turn: which of its sessions are opened, and whether all that follow. */
interface Room {
  sessions: boolean[]
  further: boolean
}

async function startServer(t: TestScope, rooms: readonly Room[]) {
  const sshd = await startSshd(t)
  const hostKeys = [readFileSync(path.join(sshd.dir, 'host_ed25519'))]
  let connections = 0
  const server = new ssh2.Server({ hostKeys }, (client) => {
    const { sessions, further } = rooms[connections++] ?? { sessions: [], further: false }
    client.on('error', () => {})
    client.on('authentication', (context) => context.accept())
    client.on('session', (accept, reject) => {
      if (!(sessions.shift() ?? further)) return reject()
      accept().on('exec', (acceptExec) => {
        const channel = acceptExec()
        const refs = `${TIP} HEAD\0agent=test\n`
        channel.write(`${(refs.length + 4).toString(16).padStart(4, '0')}${refs}0000`)
        channel.exit(0)
        channel.end()
      })
    })
  })
  server.listen(0, '127.0.0.1')
  await until(() => server.address() !== null, 'the server listens')
  atEnd(t, () => server.close())
  const { session } = createHarness(t)
  const url = `ssh://user@127.0.0.1:${(server.address() as AddressInfo).port}/repo`
  const poll = async () => {
    const remote = session(url, { password: 'any', knownHostsFile: false })
    return (await remote.listRefs(['HEAD'], signal))[0]?.oid
  }
  return { poll, connections: () => connections }
}

test('whoever opened a connection that is used up by others takes another one', async (t) => {
  const { poll, connections } = await startServer(t, [
    { sessions: [false, true], further: false },
    { sessions: [], further: true },
  ])
  assert.deepEqual(await Promise.all([poll(), poll()]), [TIP, TIP])
  assert.equal(connections(), 2)
})

test('a server that opens no session at all is told of', async (t) => {
  const { poll } = await startServer(t, [{ sessions: [], further: false }])
  await assert.rejects(poll(), failsWith('remote-error', /lets this user run no command/))
})

test('those who are refused at the same moment all find the connection lost', async () => {
  const answers: ((error: Error | undefined, channel?: EventEmitter) => void)[] = []
  const client = Object.assign(new EventEmitter(), {
    exec: (_command: string, _options: object, answer: (typeof answers)[0]) => answers.push(answer),
    end: () => undefined,
  })
  const socket = new Socket()
  const connection = new SshConnection(
    { host: 'h', client: client as never, socket, clock: systemClock },
    () => undefined,
  )
  const silence = () => new SyncError('idle-timeout', 'Nothing came.')
  const idleLimit = new IdleLimit({ clock: systemClock, limitMs: 10_000, signal, silence })
  const exec = () => connection.exec({ command: 'c', env: {} }, idleLimit)

  const channel = Object.assign(new EventEmitter(), { stderr: new EventEmitter() })
  const first = exec()
  await nextTurn()
  answers.shift()?.(undefined, channel)
  await first
  channel.emit('close')
  const results = Promise.allSettled([exec(), exec()])
  await nextTurn()
  const refusal = Object.assign(new Error('refused'), { reason: 'RESOURCE_SHORTAGE' })
  for (const answer of answers.splice(0)) answer(refusal)
  for (const result of await results) {
    assert.equal(result.status, 'rejected')
    assert.ok(failsWith('connection-failed')(result.reason))
  }
  assert.ok(connection.isRetired)
})
