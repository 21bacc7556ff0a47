import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import path from 'node:path'
import { describe, test } from 'node:test'
import { readFlags } from '../../../src/front/git-sync/command-line.js'
import { shownFlags } from '../../../src/front/git-sync/help.js'
import { metricsRoutes, type Route, type Routes, serve } from '../../../src/front/git-sync/http.js'
import { pprofRoutes } from '../../../src/front/git-sync/pprof.js'
import { syncRoutes } from '../../../src/front/git-sync/sync-route.js'
import { type TestScope, tempDir } from '../../helpers/git.js'

async function start(t: TestScope, routes: Routes, isReady = true, onFault = assert.ifError) {
  const server = await serve('127.0.0.1:0', () => isReady, routes, onFault)
  t.after(() => server.close())
  const { port } = server.address() as AddressInfo
  return async (route: string, options: RequestInit = {}) => {
    const url = `http://127.0.0.1:${port}${route}`
    const answer = await fetch(url, { redirect: 'manual', ...options })
    return { status: answer.status, headers: answer.headers, body: await answer.text() }
  }
}

describe('what git-sync serves', () => {
  test('where it is told to: at a host, or at all addresses', async (t) => {
    for (const [bind, hosts] of [
      ['127.0.0.1:0', ['127.0.0.1']],
      ['localhost:0', ['localhost']],
      ['[::1]:0', ['[::1]']],
      [':0', ['127.0.0.1', '[::1]']],
    ] as const) {
      const server = await serve(bind, () => true, {}, assert.ifError)
      t.after(() => server.close())
      const { port } = server.address() as AddressInfo
      for (const host of hosts)
        assert.equal((await fetch(`http://${host}:${port}/any`)).status, 200, `${bind} at ${host}`)
    }
    for (const bind of ['', '8080', 'host', 'host:', 'host:x'])
      await assert.rejects(
        serve(bind, () => true, {}, assert.ifError),
        /host:port or :port/,
      )
  })

  test('metrics that cannot be made are an answer, too, and told of', async (t) => {
    const told: unknown[] = []
    const fault = new Error('no')
    const routes = metricsRoutes(() => Promise.reject(fault))
    const get = await start(t, routes, true, (error) => told.push(error))
    assert.equal((await get('/metrics')).status, 500)
    assert.deepEqual(told, [fault])
  })

  test('an answer that fails half-way is cut off', async (t) => {
    const told: unknown[] = []
    const half: Route = async (_request, response) => {
      response.write('half')
      throw new Error('no')
    }
    const get = await start(t, { '/half': half }, true, (error) => told.push(error))
    await assert.rejects(get('/half'))
    assert.equal(told.length, 1)
  })

  test('profiles, in the formats of V8', async (t) => {
    const get = await start(
      t,
      pprofRoutes(() => 'git-sync\0--repo=r'),
      false,
    )
    const found = await get('/debug/pprof')
    assert.deepEqual([found.status, found.headers.get('location')], [301, '/debug/pprof/'])
    assert.match((await get('/debug/pprof/')).body, /profile\?seconds=30/)
    assert.equal((await get('/debug/pprof/cmdline')).body, 'git-sync\0--repo=r')
    const cpu = JSON.parse((await get('/debug/pprof/profile?seconds=0.01')).body)
    assert.ok(cpu.nodes.length > 0 && cpu.endTime >= cpu.startTime)
    const heap = JSON.parse((await get('/debug/pprof/heap?seconds=0.01')).body)
    assert.ok(heap.head)
    for (const ofGo of ['goroutine', 'symbol', 'trace?seconds=1'])
      assert.equal((await get(`/debug/pprof/${ofGo}`)).status, 501)
    for (const seconds of ['0', '-1', 'x', '301', ''])
      assert.equal((await get(`/debug/pprof/profile?seconds=${seconds}`)).status, 400, seconds)
    for (const other of ['/other', '/toString', '/debug/pprof/other'])
      assert.equal((await get(other)).status, 503)
  })

  test('no values in profiles', async (t) => {
    const get = await start(
      t,
      pprofRoutes(() => ''),
      false,
    )
    const secret = `s3cret-${process.pid}`
    const kept: string[][] = []
    const work = setInterval(() => kept.push(Array.from({ length: 1000 }, (_, n) => secret + n)), 1)
    t.after(() => clearInterval(work))
    for (const kind of ['heap', 'profile']) {
      const { body } = await get(`/debug/pprof/${kind}?seconds=0.1`)
      assert.ok(JSON.parse(body))
      assert.equal(body.includes('s3cret-'), false, kind)
    }
    assert.ok(kept.length > 0)
  })

  test('no secret of the command line', () => {
    const { values } = readFlags(
      [
        '--repo=file:///r',
        '--password=s3cret',
        '--webhook-url=http://u:s3cret@h/x?token=s3cret',
        '--git-config=http.extraHeader:"X-A: s3cret"',
      ],
      {},
      () => undefined,
    )
    const shown = shownFlags(values as never).join('\0')
    assert.match(shown, /--repo=file:\/\/\/r/)
    assert.equal(shown.includes('s3cret'), false, shown)
  })

  test('makes one profile at a time', async (t) => {
    const get = await start(
      t,
      pprofRoutes(() => ''),
    )
    const stop = new AbortController()
    const first = get('/debug/pprof/profile?seconds=300', { signal: stop.signal })
    const gone = assert.rejects(first)
    while ((await get('/debug/pprof/heap?seconds=0.001')).status !== 500);
    stop.abort()
    await gone
    while ((await get('/debug/pprof/heap?seconds=0.001')).status !== 200);
  })

  test('POST /sync, for whoever shows a secret', async (t) => {
    const file = path.join(tempDir(t), 'secrets')
    writeFileSync(file, 'first-secret\nsecond-secret\n')
    const told: string[] = []
    const secrets: string[] = []
    let synced = 0
    const options = {
      onSecret: (secret: string) => secrets.push(secret),
      onFault: (error: Error) => told.push(error.message),
    }
    const get = await start(
      t,
      syncRoutes(file, options, () => synced++),
    )
    const post = async (authorization?: string) => {
      const headers = authorization ? { authorization } : {}
      return (await get('/sync', { method: 'POST', headers })).status
    }
    assert.equal(await post('Bearer first-secret'), 202)
    assert.equal(await post('bearer second-secret'), 202)
    for (const wrong of [undefined, 'Bearer ', 'Bearer wrong', 'Basic first-secret'])
      assert.equal(await post(wrong), 401)
    assert.equal((await get('/sync')).status, 200)
    assert.equal(synced, 2)
    assert.deepEqual([...new Set(secrets)].sort(), ['first-secret', 'second-secret'])
    writeFileSync(file, 'short\n')
    assert.equal(await post('Bearer first-secret'), 202)
    assert.equal(told.length, 1)
  })
})
