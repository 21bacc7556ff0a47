import assert from 'node:assert/strict'
import { test } from 'node:test'
import { formatBytes, parseBytes } from '../../src/base/bytes.js'

const ACCEPTED: Record<string, number> = {
  '1': 1,
  '4096': 4096,
  ' 20 B ': 20,
  '1k': 1000,
  '1K': 1000,
  '1Ki': 1024,
  '1KiB': 1024,
  '64M': 64e6,
  '64MB': 64e6,
  '500Mi': 500 * 2 ** 20,
  '1GiB': 2 ** 30,
  '1 GiB': 2 ** 30,
  '1.5Gi': 1.5 * 2 ** 30,
  '2T': 2e12,
}

for (const [text, bytes] of Object.entries(ACCEPTED)) {
  test(`${JSON.stringify(text)} is ${bytes} bytes`, () => assert.equal(parseBytes(text), bytes))
}

for (const text of [
  '',
  '0',
  '0.2',
  '-1',
  '1m',
  '1g',
  '1gib',
  '1 Gi B',
  '1e9',
  '0x10',
  '1i',
  'iB',
  'G',
  '10000T',
  '1P',
  '∞',
]) {
  test(`${JSON.stringify(text)} is refused`, () => {
    const words = `must be an amount of bytes such as 512MiB, 8GiB or 500M`
    assert.throws(
      () => parseBytes(text),
      (error) => error instanceof RangeError && error.message.startsWith(words),
    )
  })
}

test('what is shown is what was written', () => {
  for (const shown of ['1 bytes', '1023 bytes', '1 KiB', '512 MiB', '1.5 GiB', '32 GiB', '5 TiB']) {
    assert.equal(formatBytes(parseBytes(shown.replace('bytes', ''))), shown)
  }
  assert.equal(formatBytes(5000 * 2 ** 40), '5000 TiB')
})
