import assert from 'node:assert/strict'
import { test } from 'node:test'
import { encodePkt, FLUSH } from '../../../src/git/pkt-line.js'
import { skipSection } from '../../../src/transport/ssh/skip-section.js'
import fc from '../../helpers/fast-check.js'
import { IS_WHOLE } from '../../helpers/seed.js'

async function skip(bytes: Buffer, chunkBytes: number): Promise<string> {
  async function* chunks() {
    for (let at = 0; at < bytes.length; at += chunkBytes) yield bytes.subarray(at, at + chunkBytes)
  }
  const parts: Buffer[] = []
  for await (const part of skipSection(chunks())) parts.push(part)
  return Buffer.concat(parts).toString('latin1')
}

const line = fc.string({ maxLength: 40 }).filter((text) => !text.startsWith('ERR '))

test('in any chunks, what follows the first flush is passed on', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(line),
      fc.string(),
      fc.integer({ min: 1, max: 50 }),
      async (lines, rest, chunkBytes) => {
        const answer = Buffer.concat([
          ...lines.map((text) => encodePkt(text)),
          FLUSH,
          Buffer.from(rest),
        ])
        assert.equal(await skip(answer, chunkBytes), Buffer.from(rest).toString('latin1'))
      },
    ),
    { numRuns: IS_WHOLE ? 300 : 100 },
  )
})

test('an error, or what is no packet line, is passed on with all that follows', async () => {
  for (const text of [`${encodePkt('ERR no access')}rest`, 'Welcome to this host\n', '0002x']) {
    for (let chunkBytes = 1; chunkBytes < 30; chunkBytes++) {
      const advertised = encodePkt('version 2\n').toString()
      assert.equal(await skip(Buffer.from(advertised + text), chunkBytes), text)
    }
  }
})

test('an advertisement that ends too early gives nothing', async () => {
  assert.equal(await skip(encodePkt('version 2\n'), 5), '')
})
