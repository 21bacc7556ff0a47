// Which instance takes what: evenly, steadily, and the same wherever it is asked.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { formatShard, parseShard, readShard, shardsOf } from '../../src/base/shard.js'

const KEYS = Array.from({ length: 3000 }, (_, index) => `https://git.example.com/team/${index}.git`)
const ownersOf = (total: number) => KEYS.map((key) => shardsOf(key, total).owner)

describe('what is written', () => {
  test('is an index below a total', () => {
    for (const text of ['0/1', '0/3', ' 2/3 ', '999/1000']) {
      assert.equal(formatShard(parseShard(text)), text.trim())
    }
  })

  test('and is refused as anything else, with what to write', () => {
    for (const text of ['3/3', '1', '/3', '1/', '-1/3', '1/0', '0/1001', '1.5/3', 'a/b', '1/3/5']) {
      assert.throws(() => parseShard(text), /must be index\/total, as 0\/3/, text)
      assert.equal(readShard(text), undefined)
    }
    assert.throws(() => parseShard('$(POD_INDEX)/3'), /variable that was not filled in.*\$\(NAME\)/)
    assert.equal(readShard(undefined), undefined)
  })
})

describe('an instance', () => {
  test('takes about as much as any other, and so does the next of each', () => {
    for (const total of [2, 3, 4, 7]) {
      const counts = { owner: Array(total).fill(0), deputy: Array(total).fill(0) }
      for (const key of KEYS) {
        const { deputy, owner } = shardsOf(key, total)
        assert.notEqual(deputy, owner)
        counts.owner[owner]++
        counts.deputy[deputy as number]++
      }
      const share = KEYS.length / total
      for (const count of [...counts.owner, ...counts.deputy]) {
        assert.ok(count > share * 0.85 && count < share * 1.15, `${count} of ${share}`)
      }
    }
  })

  test('that comes takes its share from all, and nothing else moves', () => {
    const [three, four] = [ownersOf(3), ownersOf(4)]
    const moved = KEYS.flatMap((_, at) => (three[at] === four[at] ? [] : [four[at]]))
    assert.ok(moved.every((to) => to === 3))
    assert.ok(moved.length > KEYS.length / 5 && moved.length < KEYS.length / 3, `${moved.length}`)
  })

  test('that goes leaves what it had to the next', () => {
    for (const key of KEYS) {
      const before = shardsOf(key, 4)
      if (before.owner !== 3) continue
      assert.equal(shardsOf(key, 3).owner, before.deputy)
    }
  })

  test('alone takes all, and nobody is next', () => {
    assert.deepEqual(shardsOf('any', 1), { owner: 0, deputy: undefined })
  })

  test('takes the same in every version of this program', () => {
    const keys = ['', 'a', 'https://git.example.com/team/site.git']
    assert.deepEqual(
      keys.map((key) => shardsOf(key, 5)),
      PINNED,
    )
  })
})

/** All instances have to agree, also while a new version of the program is rolled out. */
const PINNED = [
  { owner: 2, deputy: 4 },
  { owner: 0, deputy: 1 },
  { owner: 4, deputy: 2 },
]
