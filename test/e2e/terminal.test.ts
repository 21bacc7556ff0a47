// Ctrl-C in a terminal under `npm start`: the terminal signals npm and the service, and npm passes
// the signal on a second time, at any moment of the stop. `script` of util-linux is the terminal.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { MAIN } from '../helpers/program.js'
import { makeScratchDirectory } from '../helpers/scratch.js'
import { programEnvironment } from '../helpers/service.js'

const INTERRUPT = '\u0003'
const TIMES = 4

test('ends cleanly each time', async (t) => {
  const folder = makeScratchDirectory()
  t.after(() => rmSync(folder, { recursive: true }))
  const start = `exec node ${MAIN} --listing-path listing.json`
  writeFileSync(path.join(folder, 'package.json'), JSON.stringify({ scripts: { start } }))
  writeFileSync(path.join(folder, 'listing.json'), '[]')
  for (let time = 1; time <= TIMES; time++) {
    const { code, output } = await interruptWhenListening(folder)
    assert.equal(code, 0, output)
    assert.match(output, /INFO.* stopping signal=SIGINT\r\n.*INFO.* stopped\r\n/, `time ${time}`)
  }
})

/** What a terminal shows, and the exit code of npm. */
async function interruptWhenListening(cwd: string): Promise<{ code: number; output: string }> {
  const settings = { HTTP_HOST: '127.0.0.1', HTTP_PORT: '0' }
  const env = { ...programEnvironment(), HOME: cwd, ...settings }
  // exec, as the shell that `script` starts would die of the signal itself (dash does, bash does not).
  const terminal = spawn('script', ['-qec', 'exec npm start', '/dev/null'], { cwd, env })
  let output = ''
  terminal.stdout.setEncoding('utf8').on('data', (text) => {
    output += text
    if (/ listening /.test(output) && terminal.stdin.writable) terminal.stdin.end(INTERRUPT)
  })
  const [code] = await once(terminal, 'close')
  return { code, output }
}
