// The CAs of the image's own store, which git trusts, and so whoever had git-sync.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { atEnd } from '../../helpers/at-end.js'
import { createCa } from '../../helpers/certificates.js'
import type { TestScope } from '../../helpers/git.js'
import { tempDir } from '../../helpers/git.js'
import { linkedTo } from '../../helpers/git-sync.js'
import { setUp, writeHook } from '../../helpers/git-sync-setup.js'
import { type Need, needsAll, needsMounts } from '../../helpers/needs.js'
import { GIT_SYNC } from '../../helpers/program.js'
import { programEnvironment } from '../../helpers/service.js'

const STORE = '/etc/ssl/certs/ca-certificates.crt'
const hasStore: Need = { skip: existsSync(STORE) ? false : `this machine has no ${STORE}` }

/** A repository behind a CA of its own, and what /git-sync makes of it. */
async function createPlace(t: TestScope) {
  const dir = tempDir(t)
  const ca = createCa(dir, 'ca')
  const other = createCa(dir, 'other')
  const { cert, key } = ca.issue('server')
  const tls = { cert: readFileSync(cert), key: readFileSync(key) }
  const { args, first, link } = await setUp(t, { a: '1' }, { tls })
  const bin = path.join(dir, 'bin')
  mkdirSync(bin)
  // The program that was built, in place of the image's.
  writeHook(path.join(bin, 'node'), `shift; exec '${process.execPath}' '${GIT_SYNC}' "$@"`)
  const run = async (env: Record<string, string>, wrapper: readonly string[] = []) => {
    const [program = '', ...rest] = [...wrapper, 'sh', 'image/git-sync', ...args, '--one-time']
    const given = programEnvironment()
    const child = spawn(program, rest, {
      env: { ...given, PATH: `${bin}:${given['PATH']}`, ...env },
      stdio: ['ignore', 'ignore', 'pipe'],
    })
    atEnd(t, () => child.kill('SIGKILL'))
    let stderr = ''
    child.stderr.on('data', (text) => {
      stderr += text
    })
    const [code] = await once(child, 'close')
    return { code, stderr }
  }
  return { ca, first, link, other, run }
}

test(
  "/git-sync trusts what is mounted over the system's store",
  needsAll(hasStore, needsMounts()),
  async (t) => {
    const { ca, first, link, run } = await createPlace(t)
    const unknown = await run({})
    assert.equal(unknown.code, 1)
    assert.match(unknown.stderr, /is not known here/)
    const mounted = `mount --bind "$1" ${STORE} && shift && exec "$@"`
    const { code, stderr } = await run({}, [
      'unshare',
      '--mount',
      'sh',
      '-c',
      mounted,
      'sh',
      ca.cert,
    ])
    assert.equal(code, 0, stderr)
    assert.equal(linkedTo(link), first)
  },
)

test('/git-sync trusts the file of SSL_CERT_FILE, but where NODE_EXTRA_CA_CERTS names another', async (t) => {
  const { ca, first, link, other, run } = await createPlace(t)
  const own = await run({ SSL_CERT_FILE: ca.cert, NODE_EXTRA_CA_CERTS: other.cert })
  assert.equal(own.code, 1)
  assert.match(own.stderr, /is not known here/)
  const { code, stderr } = await run({ SSL_CERT_FILE: ca.cert })
  assert.equal(code, 0, stderr)
  assert.equal(linkedTo(link), first)
})
