import assert from 'node:assert/strict'
import { test } from 'node:test'
import { documentOf } from '../../../src/server/page/document.js'
import { NOW, publishedEntry, REPORTS, reportOf } from '../../helpers/page-reports.js'

test('the message of every error is there, however many fail alike', () => {
  const entries = Array.from({ length: 30 }, (_, number) =>
    publishedEntry(number, {
      state: 'failing',
      error: { code: 'remote-error', message: `the server of site ${number}, is away` },
    }),
  )
  const [, table = ''] = documentOf(reportOf(entries)).split('<tbody')
  for (let number = 0; number < 30; number++) {
    assert.ok(table.includes(`the server of site ${number}, is away`), String(number))
  }
})

test('it is said when the listing that is in force was loaded, and what a lag is', () => {
  const page = documentOf(REPORTS['failing']!())
  assert.match(page, /The one loaded <time [^>]*>3 days ago<\/time> stays in force/)
  assert.match(page, /title="from the push, [^"]*">Lag<\/th>/)
  assert.match(page, />Next poll<\/th>/)
})

test('what fails with the same words says them once, and who does', () => {
  const error = { code: 'branch-not-found', message: 'No such branch is there' } as const
  const entries = Array.from({ length: 11 }, (_, number) =>
    publishedEntry(number, { state: 'failing', error }),
  )
  const [attention = ''] = documentOf(reportOf(entries)).split('<table')
  assert.equal(attention.split(error.message).length, 2)
  assert.equal(attention.split('<li><b>').length, 11)
  assert.match(attention, />1 more is in the table below\.</)
})

test('what is due already is due now, not some time ago', () => {
  const nextPoll = new Date(NOW - 5000).toISOString()
  const page = documentOf(reportOf([publishedEntry(0, { nextPoll })]))
  assert.match(page, /data-head="Next poll"><time [^>]*>now<\/time>/)
})
