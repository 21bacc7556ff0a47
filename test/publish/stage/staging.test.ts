import assert from 'node:assert/strict'
import path from 'node:path'
import { describe, test } from 'node:test'
import { setImmediate as afterEvents } from 'node:timers/promises'
import { UNLIMITED } from '../../../src/git/limits.js'
import { Staging } from '../../../src/publish/stage/staging.js'
import { atEnd } from '../../helpers/at-end.js'
import { tempDir } from '../../helpers/git.js'

describe('staging', () => {
  test('that cannot begin leaves no thread behind', async (t) => {
    const staging = path.join(tempDir(t), 'staging')
    const root = path.join(tempDir(t), 'x'.repeat(256))
    let threads = 0
    const count = () => threads++
    process.on('worker', count)
    atEnd(t, () => process.off('worker', count))
    const checkpoint = () => undefined
    const given = {
      root,
      finalRoot: root,
      staging,
      adopt: true,
      clean: false,
      clone: undefined,
      hasManyFiles: true,
      checkpoint,
    }
    const options = { ...given, limits: UNLIMITED }
    assert.throws(() => new Staging(options), { code: 'ENAMETOOLONG' })
    await afterEvents()
    assert.equal(threads, 0)
    const whole = new Staging({ ...options, root: tempDir(t) })
    await afterEvents()
    assert.equal(threads, 1)
    whole.close()
  })
})
