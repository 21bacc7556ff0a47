// How the scripts end: before there is anything to run, and with programs that do not want to,
// in the shells that the images of consumers have.
import assert from 'node:assert/strict'
import path from 'node:path'
import { describe, test } from 'node:test'
import { tempDir } from '../helpers/git.js'
import { needsProgram } from '../helpers/needs.js'
import { until } from '../helpers/service.js'
import { publishInPlace, startBackend } from './backend.js'

/** What a program is given to end, in seconds. */
const GRACE = '1'
/** Says which version it runs, and does not end when it is asked to. */
const STUBBORN = `trap '' TERM; echo "runs $(cat "$0/version")"; while :; do sleep 0.05; done`

const SHELLS = [['sh'], ['busybox', 'sh']] as const

for (const shell of SHELLS) {
  const options = { concurrency: true, ...needsProgram(shell[0]) }
  describe(`restart-backend.sh in ${shell.join(' ')}`, options, () => {
    test('ends while it still waits for the first commit', async (t) => {
      const app = path.join(tempDir(t), 'app')
      const { output, stop, catchesTerm } = startBackend(t, app, ['echo', 'runs'], { shell })
      await until(catchesTerm, 'the script catches SIGTERM')
      assert.equal(await stop(), 0)
      assert.equal(output(), '')
    })

    test('kills a program that does not end, and starts it again or ends itself', async (t) => {
      const app = path.join(tempDir(t), 'app')
      publishInPlace(app, '1')
      const env = { GRACE }
      const { output, stop } = startBackend(t, app, ['sh', '-c', STUBBORN], { shell, env })
      await until(() => output() === 'runs 1\n', 'the first commit runs')
      publishInPlace(app, '2')
      await until(
        () => output().endsWith('runs 2\n'),
        async () => output(),
      )
      assert.equal(await stop(), 137)
    })
  })
}
