import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type FlagType, type FlagValue, parseFlag } from '../../../src/front/git-sync/flag.js'

const GOOD: readonly [FlagType, string, FlagValue][] = [
  ...['1', 't', 'T', 'TRUE', 'true', 'True'].map((text): [FlagType, string, FlagValue] => [
    'bool',
    text,
    true,
  ]),
  ...['0', 'f', 'F', 'FALSE', 'false', 'False'].map((text): [FlagType, string, FlagValue] => [
    'bool',
    text,
    false,
  ]),
  ['int', '12', 12],
  ['int', '010', 8],
  ['int', '0o10', 8],
  ['int', '0x10', 16],
  ['int', '0b11', 3],
  ['int', '1_000', 1000],
  ['int', '-1', -1],
  ['int', '+1', 1],
  ['int', '0', 0],
  ['float', '1.5', 1.5],
  ['float', '-1', -1],
  ['duration', '0', 0],
  ['duration', '10s', 10_000],
  ['duration', '1h30m', 5_400_000],
  ['duration', '1.5s', 1500],
  ['duration', '.5s', 500],
  ['duration', '100ms', 100],
  ['duration', '1h2m3s4ms5us6ns', 3_723_004.005006],
  ['duration', '+1.5h', 5_400_000],
  ['duration', '2us', 0.002],
  ['duration', '2μs', 0.002],
  ['duration', '2µs', 0.002],
  ['duration', '-1s', -1000],
  ['seconds', '60', 60_000],
  ['seconds', '60s', 60_000],
  ['string', '', ''],
  ['list', 'a:b', ['a:b']],
  ['paths', 'a:b', ['a:b']],
]

const BAD: readonly [FlagType, string, RegExp][] = [
  ['bool', 'yes', /strconv\.ParseBool: parsing "yes": invalid syntax/],
  ['bool', '', /ParseBool/],
  ['int', '', /ParseInt/],
  ['int', '1.5', /ParseInt/],
  ['int', '08', /ParseInt/],
  ['int', '1__0', /ParseInt/],
  ['int', '99999999999999999999', /value out of range/],
  ['float', 'x', /ParseFloat/],
  ['duration', '60', /time: missing unit in duration "60"/],
  ['duration', '', /time: invalid duration ""/],
  ['duration', '1d', /time: invalid duration "1d"/],
  ['duration', '1 s', /invalid duration/],
  ['seconds', '1d', /invalid duration/],
]

for (const [type, text, value] of GOOD) {
  test(`the ${type} ${JSON.stringify(text)}`, () => {
    const parsed = parseFlag(type, text)
    if (typeof value !== 'number') assert.deepEqual(parsed, value)
    else assert.ok(Math.abs(Number(parsed) - value) < 1e-9, `${parsed}`)
  })
}

for (const [type, text, message] of BAD) {
  test(`no ${type} ${JSON.stringify(text)}`, () => {
    assert.throws(() => parseFlag(type, text), { name: 'RangeError', message })
  })
}

test('a variable has several paths', () => {
  assert.deepEqual(parseFlag('paths', '/a:/b', true), ['/a', '/b'])
  assert.deepEqual(parseFlag('paths', '', true), [])
  assert.deepEqual(parseFlag('paths', ':/a:', true), ['/a'])
})
