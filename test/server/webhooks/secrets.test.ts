import assert from 'node:assert/strict'
import { renameSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { type TestContext, test } from 'node:test'
import { namedIn } from '../../../src/base/file-name.js'
import { createWebhookSecrets } from '../../../src/server/webhooks/secrets.js'
import { tempDir } from '../../helpers/git.js'

function createSecrets(t: TestContext, { text }: { text?: string } = {}) {
  const dir = tempDir(t)
  const named = namedIn(dir, 'secrets.txt')
  const learnt: string[] = []
  const faults: string[] = []
  const secrets = createWebhookSecrets({
    file: named,
    text,
    onSecret: (secret) => learnt.push(secret),
    onFault: ({ code, message }) => faults.push(`${code} ${message}`),
  })
  /** Takes the file's place, as a mounted secret of Kubernetes does. */
  const write = (content: string) => {
    const fresh = path.join(dir, 'fresh')
    writeFileSync(fresh, content)
    renameSync(fresh, named.file)
  }
  return { secrets, write, remove: () => rmSync(named.file), learnt, faults }
}

test('each line is a secret, and a change counts at once', async (t) => {
  const { secrets, write, learnt, faults } = createSecrets(t)
  write('old secret\r\n\n  new secret  \nold secret\n')
  assert.deepEqual(await secrets(), ['old secret', 'new secret'])
  write('new secret\n')
  assert.deepEqual(await secrets(), ['new secret'])
  assert.deepEqual(new Set(learnt), new Set(['old secret', 'new secret']))
  assert.deepEqual(faults, [])
})

test('secrets of the environment are in force beside those of the file', async (t) => {
  const { secrets, write } = createSecrets(t, { text: 'of the environment' })
  write('of the file')
  assert.deepEqual(await secrets(), ['of the environment', 'of the file'])
})

test('a file that cannot be read, or used, leaves the last ones in force, and is told once', async (t) => {
  const { secrets, write, remove, faults } = createSecrets(t)
  assert.deepEqual(await secrets(), [])
  write('good secret')
  assert.deepEqual(await secrets(), ['good secret'])
  const broken = [
    remove,
    () => write('\n \n'),
    () => write('good secret\nshort'),
    () => write('x'.repeat(100_000)),
  ]
  for (const spoil of broken) {
    spoil()
    for (let time = 0; time < 3; time++) assert.deepEqual(await secrets(), ['good secret'])
  }
  assert.equal(faults.length, 5)
  for (const fault of faults) {
    assert.match(fault, /^credentials-invalid The file of webhook secrets \S+secrets\.txt /)
    assert.ok(!fault.includes('short'))
  }
  const [first = '', ...later] = faults
  assert.match(first, /until then every webhook is refused$/)
  for (const fault of later) assert.match(fault, /until then the last good secrets stay in force$/)
  write('better secret')
  assert.deepEqual(await secrets(), ['better secret'])
})
