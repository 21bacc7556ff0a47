// `node build/test/bench/dag-bundles.js`: what Airflow's GitDagBundle runs, by git itself, beside one
// git-autosync, over the same repository. The commands are those of its source; Airflow is not run.
import { execFile } from 'node:child_process'
import { readdirSync, rmSync, statSync } from 'node:fs'
import path from 'node:path'
import { promisify } from 'node:util'
import { cleanUpAll } from '../helpers/at-end.js'
import { createRepo, tempDir } from '../helpers/git.js'
import { gitEnvironment } from '../helpers/git-command.js'
import { startGitServer } from '../helpers/git-http-server.js'
import { startService, until, writeListing } from '../helpers/service.js'

const FILES = 1000
const COMMITS = 2000

const cleanUps: (() => unknown)[] = []
const scope = { after: (cleanUp: () => unknown) => cleanUps.push(cleanUp) }
const run = promisify(execFile)
const dir = tempDir(scope)
const repo = createRepo(path.join(dir, 'repos/dags.git'), { bare: true })
repo.gitBytes(['fast-import', '--quiet'], { input: Buffer.from(historyOf()) })
repo.git('reset', '-q', '--hard', 'main')
const origin = await startGitServer(scope, { root: path.join(dir, 'repos') })
const url = `${origin.url}/dags.git`
const [bare, tracking, version] = ['bare', 'tracking', 'version'].map((name) =>
  path.join(dir, name),
) as [string, string, string]
const rows: [string, string, string, string][] = []

async function measure(what: string, ...commands: string[][]): Promise<void> {
  const requests = origin.requests.length
  const startedAt = performance.now()
  for (const command of commands) await run('git', command, { env: gitEnvironment() })
  const bytes = origin.requests.slice(requests).reduce((sum, { bytesOut }) => sum + bytesOut, 0)
  const ms = Math.round(performance.now() - startedAt)
  rows.push([
    what,
    `${ms} ms`,
    String(origin.requests.length - requests),
    `${Math.round(bytes / 1024)} KiB`,
  ])
}

const REFRESH = [
  ['-C', bare, 'fetch', 'origin', '+refs/heads/*:refs/heads/*', '+refs/tags/*:refs/tags/*'],
  [
    '-C',
    tracking,
    'fetch',
    'origin',
    '+refs/heads/*:refs/remotes/origin/*',
    '+refs/tags/*:refs/tags/*',
  ],
  ['-C', tracking, 'reset', '--hard', 'origin/main'],
]
try {
  await measure(
    'GitDagBundle: the first time in a pod',
    ['clone', '-q', '--bare', url, bare],
    ['clone', '-q', bare, tracking],
    ['-C', tracking, 'checkout', '-q', 'main'],
    ...REFRESH,
  )
  await measure('GitDagBundle: a refresh, nothing new', ...REFRESH)
  const second = commit('one file changed')
  await measure('GitDagBundle: a refresh, one file changed', ...REFRESH)
  await measure(
    'GitDagBundle: a task whose commit is new to its pod',
    ['clone', '-q', bare, version],
    ['-C', version, 'checkout', '-q', 'main'],
    ['-C', version, 'reset', '--hard', second],
  )
  rmSync(path.join(version, '.git'), { recursive: true })
  const sizes = [bare, tracking, version].map(bytesIn)

  const listingPath = path.join(dir, 'listing.json')
  writeListing(listingPath, [{ path: 'dags', repo: url }])
  const requests = origin.requests.length
  const service = await startService(scope, { listingPath, settings: { SCRAPE_INTERVAL: '1h' } })
  await service.untilPublished('dags', second)
  const published = () => service.logs.filter(({ message }) => message === 'published')
  const row = (what: string, from: number) => {
    const durationMs = published().at(-1)?.['durationMs']
    const asked = origin.requests.slice(from)
    const bytes = asked.reduce((sum, { bytesOut }) => sum + bytesOut, 0)
    rows.push([what, `${durationMs} ms`, String(asked.length), `${Math.round(bytes / 1024)} KiB`])
  }
  row('git-autosync: the first time on a volume', requests)
  const third = commit('another file changed')
  const before = origin.requests.length
  service.signal('SIGHUP')
  await service.untilPublished('dags', third)
  row('git-autosync: a poll, one file changed', before)
  const idle = origin.requests.length
  service.signal('SIGHUP')
  await until(() => origin.requests.length > idle, 'a poll')
  const poll = service.logs.filter(({ message }) => message === 'nothing new').at(-1)
  await until(
    () => service.logs.some((line) => line.message === 'nothing new' && line !== poll),
    'its end',
  )
  const last = service.logs.filter(({ message }) => message === 'nothing new').at(-1)
  rows.push([
    'git-autosync: a poll, nothing new',
    `${last?.['durationMs']} ms`,
    String(origin.requests.length - idle),
    '0 KiB',
  ])

  console.log(`${FILES} files, ${COMMITS} commits, git over HTTP on this machine`)
  for (const row of rows) console.log(`| ${row.join(' | ')} |`)
  console.log(
    `on disk: bare ${sizes[0]}, worktree ${sizes[1]}, of a task ${sizes[2]}, git-autosync ${bytesIn(path.join(dir, 'dags'))} MiB`,
  )
} finally {
  await cleanUpAll(cleanUps)
}

function commit(message: string): string {
  return repo.commit(message, { 'dags/dag-7.py': `# ${message}\n` })
}

function bytesIn(folder: string): number {
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' })
  const sum = files.reduce(
    (total, file) => total + statSync(path.join(folder, file)).blocks * 512,
    0,
  )
  return Math.round(sum / 2 ** 20)
}

/** A history of files of 4 KiB, one of which changes with each commit. */
function historyOf(): string {
  const content = (file: number, round: number) =>
    `# dag ${file}, ${round}\n${`task_${file} = ${round}\n`.repeat(250)}`
  const fileOf = (file: number, round: number) => {
    const text = content(file, round)
    return `M 100644 inline dags/dag-${file}.py\ndata ${Buffer.byteLength(text)}\n${text}\n`
  }
  const first = Array.from({ length: FILES }, (_, file) => fileOf(file, 0)).join('')
  const commitOf = (number: number, files: string) =>
    `commit refs/heads/main\ncommitter T <t@example.com> ${1_700_000_000 + number} +0000\ndata 1\nx\n${files}`
  const others = Array.from({ length: COMMITS - 1 }, (_, at) =>
    commitOf(at + 1, fileOf(at % FILES, at + 1)),
  )
  return [commitOf(0, first), ...others].join('')
}
