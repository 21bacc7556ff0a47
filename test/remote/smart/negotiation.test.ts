import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Pkt } from '../../../src/git/pkt-line.js'
import { decodeAnswer } from '../../../src/remote/smart/negotiation.js'
import { failsWith } from '../../helpers/fails-with.js'

async function* answer(...lines: string[]): AsyncGenerator<Pkt> {
  for (const line of lines) yield { type: 'data', payload: Buffer.from(`${line}\n`) }
}

async function* endlessly(line: string): AsyncGenerator<Pkt> {
  for (;;) yield* answer(line)
}

const HAS: [boolean, string[]][] = [
  [true, ['acknowledgments', `ACK ${'a'.repeat(40)}`]],
  [false, ['acknowledgments', 'NAK']],
  [true, [`ACK ${'a'.repeat(40)} common`]],
  [false, []],
]
for (const [has, lines] of HAS) {
  test(`a server that answers ${lines.join(', ') || 'nothing'} ${has ? 'has' : 'has not'} the commit`, async () => {
    assert.equal(await decodeAnswer(answer(...lines)), has)
  })
}

test('an answer that never comes to the point is blamed on the answer, not on a list of refs', async () => {
  const reading = () => decodeAnswer(endlessly('shallow'))
  await assert.rejects(reading, failsWith('protocol-error', /neither yes nor no/))
})
