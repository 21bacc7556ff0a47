// `npm run dev` on a program of one file: what is changed runs, and nothing is left when it ends.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { atEnd } from './helpers/at-end.js'
import { tempDir } from './helpers/git.js'

const DEV = fileURLToPath(new URL('./dev.js', import.meta.url))

test('a change of the source starts the program again', async (t) => {
  const cwd = tempDir(t)
  mkdirSync(path.join(cwd, 'src'))
  const compilerOptions = { rootDir: 'src', outDir: 'dist', types: [], lib: ['ES2023', 'DOM'] }
  const files = {
    'package.json': { type: 'module', scripts: { build: 'tsc -p .' } },
    'tsconfig.json': { compilerOptions },
  }
  for (const [name, content] of Object.entries(files)) {
    writeFileSync(path.join(cwd, name), JSON.stringify(content))
  }
  const write = (word: string) =>
    writeFileSync(
      path.join(cwd, 'src/main.ts'),
      `console.log('${word}'); setInterval(() => {}, 1e6)`,
    )
  write('first')

  const env = {
    ...process.env,
    PATH: `${path.resolve('node_modules/.bin')}:${process.env['PATH']}`,
  }
  const dev = spawn(process.execPath, [DEV], { cwd, env, stdio: ['ignore', 'pipe', 'inherit'] })
  atEnd(t, () => dev.kill('SIGKILL'))
  let said = ''
  dev.stdout.setEncoding('utf8').on('data', (text: string) => {
    said += text
  })
  const untilSaid = async (word: string) => {
    while (!said.includes(word)) await once(dev.stdout, 'data')
  }
  await untilSaid('first')
  write('second')
  await untilSaid('second')
  // The pipe is closed when the last process that has it is gone.
  dev.kill('SIGTERM')
  const [[code]] = await Promise.all([once(dev, 'exit'), once(dev.stdout, 'close')])
  assert.equal(code, 0)
})
