import assert from 'node:assert/strict'
import { mkdir, mkdtemp, rename, rm, symlink, writeFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { type TestContext, test } from 'node:test'
import { type Clock, systemClock } from '../../src/base/clock.js'
import { type ListingRead, type WatchOptions, watchListing } from '../../src/listing/watcher.js'
import { atEnd } from '../helpers/at-end.js'
import { FakeClock, settle } from '../helpers/fake-clock.js'

/** Long after an event; but on a busy machine one may be missed, which the next look then finds. */
const RELOOK_MS = 20_000

/** A folder that is removed when the test ends. */
async function createFolder(t: TestContext): Promise<string> {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'watcher-'))
  atEnd(t, () => rm(folder, { recursive: true, force: true }))
  return folder
}

/** Watches `file`, which holds `start`, and collects what is reported. */
function startWatch(t: TestContext, file: string, options: Partial<WatchOptions> = {}) {
  const reads: ListingRead[] = []
  let relooks = 0
  const clock: Clock = {
    ...systemClock,
    schedule: (delayMs, work) =>
      systemClock.schedule(delayMs, () => {
        if (delayMs === RELOOK_MS) relooks++
        work()
      }),
  }
  const alive = setInterval(() => {}, 1000)
  atEnd(t, () => clearInterval(alive))
  const waiting: { wanted: (read: ListingRead) => boolean; resolve: () => void }[] = []
  const watcher = watchListing({
    path: file,
    text: 'start',
    clock,
    relookMs: RELOOK_MS,
    onChange(read) {
      reads.push(read)
      for (const { wanted, resolve } of waiting) if (wanted(read)) resolve()
      return true
    },
    ...options,
  })
  atEnd(t, () => watcher.close())
  const reported = (wanted: (read: ListingRead) => boolean) =>
    new Promise<void>((resolve) => waiting.push({ wanted, resolve }))
  return {
    watcher,
    reads,
    /** How many looks there were which no event was the reason for. */
    relooks: () => relooks,
    reported,
    textReported: (text: string) => reported((r) => r.text === text),
  }
}

/** One update of a ConfigMap volume, step by step as the kubelet's AtomicWriter makes it. */
async function updateConfigMap(folder: string, generation: number, text: string): Promise<void> {
  const created = `..2024_01_01_00_00_00.${generation}`
  await mkdir(path.join(folder, created))
  await writeFile(path.join(folder, created, 'listing.json'), text)
  await symlink(created, path.join(folder, '..data_tmp'))
  await rename(path.join(folder, '..data_tmp'), path.join(folder, '..data'))
  if (generation === 0) await symlink('..data/listing.json', path.join(folder, 'listing.json'))
  else await rm(path.join(folder, `..2024_01_01_00_00_00.${generation - 1}`), { recursive: true })
}

const saves: [string, (file: string, text: string) => Promise<void>][] = [
  ['written in place', (file, text) => writeFile(file, text)],
  [
    'renamed over',
    async (file, text) => {
      await writeFile(`${file}.tmp`, text)
      await rename(`${file}.tmp`, file)
    },
  ],
  [
    'moved to a backup and written anew',
    async (file, text) => {
      await rename(file, `${file}~`)
      await writeFile(file, text)
      await rm(`${file}~`)
    },
  ],
  [
    'deleted and created again',
    async (file, text) => {
      await rm(file)
      await writeFile(file, text)
    },
  ],
]

for (const [name, save] of saves) {
  test(`a listing that is ${name}, again and again, is reported each time`, async (t) => {
    const file = path.join(await createFolder(t), 'listing.json')
    await writeFile(file, 'start')
    const { relooks, textReported } = startWatch(t, file)
    const texts = ['one', 'two', 'three', 'four']
    for (const text of texts) {
      const seen = textReported(text)
      await save(file, text)
      await seen
    }
    assert.ok(relooks() < texts.length, 'no event is noticed')
  })
}

test('each swap of ..data in a ConfigMap volume is reported', async (t) => {
  const folder = await createFolder(t)
  await updateConfigMap(folder, 0, 'start')
  const { reads, textReported } = startWatch(t, path.join(folder, 'listing.json'))
  for (const generation of [1, 2, 3, 4]) {
    const seen = textReported(`generation ${generation}`)
    await updateConfigMap(folder, generation, `generation ${generation}`)
    await seen
  }
  assert.ok(reads.every(({ error }) => error === undefined))
})

test('a missing listing is reported once, and its return with the same content too', async (t) => {
  const file = path.join(await createFolder(t), 'listing.json')
  await writeFile(file, 'start')
  const { watcher, reads, reported, textReported } = startWatch(t, file)
  const missing = reported(({ error }) => error !== undefined)
  await rm(file)
  await missing
  await watcher.look()
  await watcher.look()
  assert.deepEqual(
    reads.map(({ error }) => error?.code),
    ['listing-invalid'],
  )

  const returned = textReported('start')
  await writeFile(file, 'start')
  await returned
  assert.equal(reads.length, 2)
})

test('content that stays the same is not reported, however it is written', async (t) => {
  const file = path.join(await createFolder(t), 'listing.json')
  await writeFile(file, 'start')
  // Only the looks that are asked for: one of its own may find the file gone, as it is for a moment.
  const { watcher, reads } = startWatch(t, file, { clock: new FakeClock() })
  for (const [, save] of saves) {
    await save(file, 'start')
    await watcher.look()
  }
  assert.deepEqual(reads, [])
})

test('content that is not settled is reported at each look, until it is', async (t) => {
  const file = path.join(await createFolder(t), 'listing.json')
  await writeFile(file, 'refused')
  const reports: [string | undefined, boolean][] = []
  let isSettled = false
  const { watcher } = startWatch(t, file, {
    clock: new FakeClock(),
    onChange({ text }, isAgain) {
      reports.push([text, isAgain])
      return isSettled
    },
  })
  const look = async () => {
    await watcher.look()
    return reports.splice(0)
  }
  // One of its own came before.
  assert.deepEqual(await look(), [
    ['refused', false],
    ['refused', true],
  ])
  assert.deepEqual(await look(), [['refused', true]])
  await writeFile(file, 'other')
  assert.deepEqual(await look(), [['other', false]])
  isSettled = true
  assert.deepEqual(await look(), [['other', true]])
  assert.deepEqual(await look(), [])
})

test('what changed before the watch was ready is reported', async (t) => {
  const file = path.join(await createFolder(t), 'listing.json')
  await writeFile(file, 'changed since it was read')
  const { textReported } = startWatch(t, file)
  await textReported('changed since it was read')
})

test('a folder that is deleted and created again is watched again', async (t) => {
  const folder = path.join(await createFolder(t), 'folder')
  const file = path.join(folder, 'listing.json')
  await mkdir(folder)
  await writeFile(file, 'start')
  // On a busy machine an event may be missed as the folder changes: then a look finds the change.
  const { watcher, reported, textReported } = startWatch(t, file, { relookMs: 2000 })
  await watcher.look()
  const missing = reported(({ error }) => error !== undefined)
  await rm(folder, { recursive: true })
  await missing

  await mkdir(folder)
  await writeFile(file, 'back')
  await watcher.look()
  const seen = textReported('changed after that')
  await writeFile(file, 'changed after that')
  await seen
})

test('files beside the listing cause no look', async (t) => {
  const folder = await createFolder(t)
  const file = path.join(folder, 'listing.json')
  await writeFile(file, 'start')
  const clock = new FakeClock()
  const { watcher } = startWatch(t, file, { clock, relookMs: 15_000 })
  // The watch is ready once that has scheduled a look.
  while (clock.nextDelayMs !== 100) await settle()
  await clock.advance(100)
  await watcher.look()
  await writeFile(path.join(folder, 'other.json'), 'x')
  await mkdir(path.join(folder, 'big'))
  await writeFile(path.join(folder, 'big', 'listing.json'), 'x')
  for (let turn = 0; turn < 100; turn++) await settle()
  assert.equal(clock.nextDelayMs, 15_000)
})

test('a change that causes no event is found by the slow re-look', async (t) => {
  const [folder, elsewhere] = [await createFolder(t), await createFolder(t)]
  await writeFile(path.join(elsewhere, 'real.json'), 'start')
  const file = path.join(folder, 'listing.json')
  await symlink(path.join(elsewhere, 'real.json'), file)
  const clock = new FakeClock()
  const { watcher, reads, textReported } = startWatch(t, file, { clock, relookMs: 15_000 })
  while (clock.nextDelayMs !== 100) await settle()
  await clock.advance(100)
  await watcher.look()

  for (const text of ['one', 'two']) {
    await writeFile(path.join(elsewhere, 'real.json'), text)
    const before = reads.length
    await clock.advance(14_999)
    assert.equal(reads.length, before)
    const seen = textReported(text)
    await clock.advance(1)
    await seen
    await watcher.look()
  }
})

test('looks never overlap, and one asked for meanwhile runs after', async (t) => {
  const file = path.join(await createFolder(t), 'listing.json')
  await writeFile(file, 'one')
  const clock = new FakeClock()
  const texts: (string | undefined)[] = []
  let open = () => {}
  const release = new Promise<void>((resolve) => {
    open = resolve
  })
  const watcher = watchListing({
    path: file,
    text: 'start',
    clock,
    async onChange({ text }) {
      texts.push(text)
      await release
      return true
    },
  })
  atEnd(t, () => watcher.close())
  while (texts.length === 0) await settle()
  await writeFile(file, 'two')
  const looks = [watcher.look(), watcher.look(), watcher.look()]
  for (let turn = 0; turn < 50; turn++) await settle()
  assert.deepEqual(texts, ['one'])
  open()
  await Promise.all(looks)
  assert.deepEqual(texts, ['one', 'two'])
})

test('once closed, nothing is reported and no timer is left', async (t) => {
  const file = path.join(await createFolder(t), 'listing.json')
  await writeFile(file, 'start')
  const clock = new FakeClock()
  const { watcher, reads } = startWatch(t, file, { clock })
  await watcher.look()
  await watcher.close()
  await writeFile(file, 'changed')
  await watcher.look()
  await clock.advance(60_000)
  assert.deepEqual(reads, [])
  assert.equal(clock.pendingTimers, 0)
})
