// The health check against what can stand at the port: a service that lives or stalls,
// nothing at all, and something that never answers.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import net, { type AddressInfo } from 'node:net'
import { test } from 'node:test'
import { checkHealth } from '../../../src/front/git-autosync/healthcheck.js'
import { atEnd } from '../../helpers/at-end.js'
import { startHttpServer } from '../../helpers/http-server.js'
import { runProgram } from '../../helpers/service.js'

const ADVICE = 'check that the service runs, and its HTTP_HOST and HTTP_PORT'

test('a service that lives is healthy, and a stalled one says so by its exit code', async (t) => {
  let status = 200
  const { url, requests } = await startHttpServer(t, (_request, response) => {
    response.writeHead(status).end('{"status":"stalled",\n"heartbeatAgeMs":61000}')
  })
  const { port } = new URL(url)
  const check = (...probe: string[]) =>
    runProgram(['healthcheck', ...probe], { HTTP_PORT: port, HTTP_HOST: '0.0.0.0' })
  assert.deepEqual(await check(), { code: 0, stdout: '', stderr: '' })
  assert.deepEqual(await check('readyz'), { code: 0, stdout: '', stderr: '' })
  assert.deepEqual(
    requests.map(({ method, url }) => [method, url]),
    [
      ['GET', '/healthz'],
      ['GET', '/readyz'],
    ],
  )
  status = 503
  const words = '{"status":"stalled", "heartbeatAgeMs":61000}'
  const stderr = `git-autosync: ${url}/healthz answered 503: ${words}\n`
  assert.deepEqual(await check(), { code: 1, stdout: '', stderr })
  status = 404
  const other = `${url}/healthz answered 404, which this service does not: ${ADVICE}`
  assert.deepEqual(await check(), { code: 1, stdout: '', stderr: `git-autosync: ${other}\n` })
})

test('where nothing listens, the reason is named', async (t) => {
  const { url, server } = await startHttpServer(t, () => undefined)
  server.close()
  await once(server, 'close')
  const fault = await checkHealth({
    probe: 'healthz',
    host: '127.0.0.1',
    port: Number(new URL(url).port),
  })
  assert.equal(fault, `${url}/healthz cannot be asked (ECONNREFUSED): ${ADVICE}`)
})

test('an answer that does not come, or is not HTTP, is a fault in good time', async (t) => {
  for (const [answer, fault] of [
    [undefined, 'did not answer within 200 ms'],
    ['not http\r\n\r\n', 'cannot be asked (HPE_INVALID_CONSTANT)'],
    ['HTTP/1.1 503 Stalled\r\n\r\n', 'answered 503: look at the log of the service'],
  ]) {
    const server = net.createServer((socket) => {
      socket.on('error', () => undefined)
      if (answer !== undefined) socket.end(answer)
    })
    atEnd(t, () => server.close())
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    assert.equal(
      await checkHealth({ probe: 'healthz', host: '127.0.0.1', port, timeoutMs: 200 }),
      `http://127.0.0.1:${port}/healthz ${fault}${fault?.includes('503') ? '' : `: ${ADVICE}`}`,
    )
  }
})

test('an address of every interface is asked at its loopback', async () => {
  for (const [host, asked] of [
    ['0.0.0.0', '127.0.0.1'],
    ['::', '[::1]'],
    ['::1', '[::1]'],
  ] as const) {
    const fault = await checkHealth({ probe: 'healthz', host, port: 1 })
    assert.ok(fault?.startsWith(`http://${asked}:1/healthz cannot be asked (`), fault)
  }
})
