// `npm run dev`: builds src at each change of it, and where that succeeds, starts the program
// again. What it is given, the program is given. A program that ended waits for the next change.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { watch } from 'chokidar'

/** An editor saves several files, or one in several steps. */
const QUIET_MS = 200

const args = ['--enable-source-maps', 'dist/main.js', ...process.argv.slice(2)]
let program: ChildProcess | undefined
let timer: NodeJS.Timeout | undefined

const watcher = watch('src', { ignoreInitial: true }).on('all', () => {
  clearTimeout(timer)
  timer = setTimeout(() => {
    restarted = restarted.then(restart)
  }, QUIET_MS)
})
await once(watcher, 'ready')
let restarted = restart()
process.once('SIGINT', stop).once('SIGTERM', stop)

async function restart(): Promise<void> {
  const [exitCode] = await once(
    spawn('npm', ['run', '--silent', 'build'], { stdio: 'inherit' }),
    'exit',
  )
  if (exitCode !== 0) return
  await end(program)
  program = spawn(process.execPath, args, { stdio: 'inherit' })
}

async function stop(): Promise<void> {
  clearTimeout(timer)
  await Promise.all([watcher.close(), restarted.then(() => end(program))])
}

/** Asks a process to end, and waits until it has. */
async function end(child: ChildProcess | undefined): Promise<void> {
  if (!child || child.exitCode !== null || child.signalCode !== null) return
  child.kill('SIGTERM')
  await once(child, 'exit')
}
