import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { summaryOf, toSummary } from '../../src/git/commit-summary.js'
import { createRepo, tempDir } from '../helpers/git.js'

const TREE = `tree ${'4'.repeat(40)}`
const AUTHOR = 'author Ada Lovelace <ada@example.com> 1700000000 +0100'
const COMMITTER = 'committer C <c@example.com> 1700003600 -0500'

function commit(message: string | Buffer, ...headers: string[]): Buffer {
  const lines = [TREE, AUTHOR, COMMITTER, ...headers].join('\n')
  return Buffer.concat([Buffer.from(`${lines}\n\n`, 'latin1'), Buffer.from(message)])
}

describe('a summary', () => {
  test('is the subject, the author, and when it was committed', () => {
    assert.deepEqual(summaryOf(commit('Say it\n\nand why\n')), {
      subject: 'Say it',
      author: 'Ada Lovelace',
      committedAt: 1_700_003_600_000,
    })
  })

  const subjects: Record<string, [message: string | Buffer, subject: string]> = {
    'of several lines is one': ['one\ntwo\n  three\n\nfour', 'one two three'],
    'starts after blank lines': ['\n \n\nfirst\nsecond\n', 'first second'],
    'ends at a line of blanks': ['first\n \t\nsecond', 'first'],
    'has no control characters': ['a\x1b[31mb\0c\x85d\r\n\nx', 'a [31mb c d'],
    'may be empty': ['', ''],
    'is UTF-8': ['Grüße 日本語 🙂', 'Grüße 日本語 🙂'],
    'is read byte by byte where it is not UTF-8': [Buffer.from('Gr\xfc\xdfe', 'latin1'), 'Grüße'],
  }
  for (const [what, [message, subject]] of Object.entries(subjects)) {
    test(`whose subject ${what}`, () => {
      assert.equal(summaryOf(commit(message)).subject, subject)
    })
  }

  test('is cut between characters, also where a message is very long', () => {
    const { subject } = summaryOf(commit('🙂'.repeat(1 << 20)))
    assert.equal(subject, `${'🙂'.repeat(127)}…`)
    const author = `author ${'a'.repeat(1 << 20)} <a@example.com> 1 +0000`
    const long = Buffer.from(`${TREE}\n${author}\n${COMMITTER}\n\nsubject`)
    assert.ok(summaryOf(long).author.length <= 255)
  })

  test('is read in the encoding that the commit names, or as good as it goes', () => {
    const body = Buffer.from('\xf0\xd2\xc9\xd7\xc5\xd4', 'latin1')
    assert.equal(summaryOf(commit(body, 'encoding KOI8-R')).subject, 'Привет')
    assert.equal(summaryOf(commit(body, 'encoding klingon')).subject, 'ðÒÉ×ÅÔ')
    const author = 'author Gr\xfc\xdfe <a@example.com> 1 +0000'
    const headers = `${TREE}\n${author}\n${COMMITTER}\nencoding ISO-8859-1\n\n`
    assert.equal(summaryOf(Buffer.from(`${headers}x`, 'latin1')).author, 'Grüße')
  })

  test('is not taken from a signature or a merged tag', () => {
    const tag = ['mergetag object x', ' author Not He <n@example.com> 5 +0000', ' ', ' encoding x']
    const { author, subject } = summaryOf(commit('subject', ...tag))
    assert.deepEqual([author, subject], ['Ada Lovelace', 'subject'])
  })

  test('of what is hardly a commit has nothing in it', () => {
    const nothing = { subject: '', author: '', committedAt: null }
    for (const body of ['', '\n\n', TREE, `${TREE}\nauthor\ncommitter\n`]) {
      assert.deepEqual(summaryOf(Buffer.from(body)), nothing)
    }
  })

  const times: Record<string, number | null> = {
    '0': 0,
    '-86400': -86_400_000,
    '8640000000000': 8_640_000_000_000_000,
    '8640000000001': null,
    ['9'.repeat(400)]: null,
    x: null,
  }
  for (const [seconds, time] of Object.entries(times)) {
    test(`committed at ${seconds.slice(0, 20)} is ${time}`, () => {
      const body = `${TREE}\ncommitter A> <B <a> ${seconds} +0000\n\nx`
      assert.equal(summaryOf(Buffer.from(body)).committedAt, time)
    })
  }
})

test('the summary is what git shows', (t) => {
  const repo = createRepo(tempDir(t))
  const messages = ['one', 'a\nb\n\nc', '\n\n  x  \ny', 'Grüße', 'tab\there']
  for (const message of messages) {
    const oid = repo.commit(message)
    const shown = repo.git('log', '-1', '--format=%s%x00%an%x00%ct', oid)
    const [subject, author, time] = shown.split('\0')
    const body = repo.gitBytes(['cat-file', 'commit', oid])
    assert.deepEqual(summaryOf(body), {
      subject: subject?.replace(/\s+/g, ' ').trim(),
      author,
      committedAt: Number(time) * 1000,
    })
  }
})

test('what was written down is taken only where it is a summary', () => {
  const summary = { subject: 's', author: 'a', committedAt: 1 }
  assert.deepEqual(toSummary(JSON.parse(JSON.stringify(summary))), summary)
  assert.deepEqual(toSummary({ ...summary, committedAt: 1e300 }), { ...summary, committedAt: null })
  assert.equal(toSummary({ ...summary, subject: 's'.repeat(10_000) })?.subject.length, 255)
  for (const other of [undefined, null, 1, 'x', [], { subject: 's' }, { ...summary, author: {} }]) {
    assert.equal(toSummary(other), undefined)
  }
})
