// `npm run dev`: compiles src at each change, and then starts the program again. What it is given,
// the program is given. A program that ended waits for the next change.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { watch } from 'chokidar'

const FOLDER = 'dist'
/** One compilation writes many files: the last is written when none came for so long. */
const QUIET_MS = 300

const args = ['--enable-source-maps', `${FOLDER}/main.js`, ...process.argv.slice(2)]
let program: ChildProcess | undefined
let timer: NodeJS.Timeout | undefined
let restarted = Promise.resolve()

const watcher = watch(FOLDER, { ignoreInitial: true }).on('all', () => {
  clearTimeout(timer)
  timer = setTimeout(() => {
    restarted = restarted.then(restart)
  }, QUIET_MS)
})
await once(watcher, 'ready')
// It starts a process of its own, which would be left behind: so both get one group, that is ended.
const compiler = spawn('tsc', ['-p', '.', '--watch', '--preserveWatchOutput'], {
  stdio: 'inherit',
  detached: true,
})

process.once('SIGINT', stop).once('SIGTERM', stop)

async function restart(): Promise<void> {
  await end(program)
  program = spawn(process.execPath, args, { stdio: 'inherit' })
}

async function stop(): Promise<void> {
  clearTimeout(timer)
  if (compiler.pid !== undefined && compiler.exitCode === null)
    process.kill(-compiler.pid, 'SIGTERM')
  await Promise.all([watcher.close(), restarted.then(() => end(program))])
}

/** Asks a process to end, and waits until it has. */
async function end(child: ChildProcess | undefined): Promise<void> {
  if (!child || child.exitCode !== null || child.signalCode !== null) return
  child.kill('SIGTERM')
  await once(child, 'exit')
}
