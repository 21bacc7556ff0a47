// What the service of --askpass-url answers, and what is made of it, by rows.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { askForLogin } from '../../../src/front/git-sync/askpass.js'
import { failsWith } from '../../helpers/fails-with.js'
import { FakeClock } from '../../helpers/fake-clock.js'
import { Gate } from '../../helpers/gate.js'
import { startHttpServer } from '../../helpers/http-server.js'

const OK = 'HTTP/1.1 200 OK\r\n\r\n'

// biome-ignore format: a table
const ROWS: readonly [it: string, answer: string, is: [username: string, password: string] | RegExp][] = [
  ['two lines', `${OK}username=me\npassword=secret\n`, ['me', 'secret']],
  ['in any order, with others between', `${OK}password=a=b\r\nother=x\r\nusername=me`, ['me', 'a=b']],
  ['lines of a header without a carriage return', 'HTTP/1.1 200 OK\nX-A: b\n\nusername=me\npassword=p', ['me', 'p']],
  ['no user name', `${OK}password=p`, /no username= and password=/],
  ['no password', `${OK}username=me\npassword=\n`, /no username= and password=/],
  ['another status', 'HTTP/1.1 201 Created\r\n\r\nusername=me\npassword=p', /status 201/],
  ['a redirect, which is not followed', 'HTTP/1.1 302 Found\r\nLocation: /x\r\n\r\nusername=me\npassword=p', /status 302/],
  ['a fault', 'HTTP/1.1 500 No\r\n\r\n', /status 500/],
  ['what is no HTTP', 'no\r\n\r\n', /cannot be asked/],
  ['more than a login', `${OK}${'x'.repeat(70_000)}`, /more than 65536 bytes/],
]

for (const [it, answer, is] of ROWS) {
  test(`a service that answers with ${it}`, async (t) => {
    const server = await startHttpServer(t, ({ socket }) => socket.end(answer))
    const { signal } = new AbortController()
    const asked = askForLogin(`${server.url}/git_askpass`, 'https://h', new FakeClock(), signal)
    if (is instanceof RegExp) await assert.rejects(asked, failsWith('credentials-invalid', is))
    else assert.deepEqual(await asked, { url: 'https://h', username: is[0], password: is[1] })
    const requests = server.requests.map(({ method, url }) => `${method} ${url}`)
    assert.deepEqual(requests, ['GET /git_askpass'])
  })
}

test('a service that does not answer in time', async (t) => {
  const clock = new FakeClock()
  const began = new Gate()
  began.shut()
  const server = await startHttpServer(t, () => began.open())
  const { signal } = new AbortController()
  const asked = askForLogin(server.url, 'https://h', clock, signal)
  const refused = assert.rejects(asked, failsWith('credentials-invalid', /within 1 s: check/))
  await began.pass()
  await clock.advance(1000)
  await refused
  assert.equal(clock.pendingTimers, 0)
})
