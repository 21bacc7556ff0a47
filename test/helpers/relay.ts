// The relay of example/relay in a real nginx: its files as they are, but for what a cluster has and
// this machine has not. https://nginx.org/en/docs/http/ngx_http_proxy_module.html
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { copyFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { configureNginx, NGINX_PATH } from '../example/nginx.js'
import { atEnd, type TestScope } from './at-end.js'
import type { CertificateFiles, TestCa } from './certificates.js'
import { freePort } from './free-port.js'
import { makeScratchDirectory } from './scratch.js'
import { until } from './service.js'

const EXAMPLE = 'example'
const RECEIVER = 'http://git-relay-receiver.git-relay.svc.cluster.local:8081'

export interface RelayOptions {
  /** Addresses at git servers, by what is asked of the relay. */
  repositories: Record<string, string>
  /** Authorization headers, by a regular expression over those addresses. */
  logins?: Record<string, string>
  /** What the relay shows to nodes. */
  tls: CertificateFiles
  /** Whose certificates git servers show. */
  ca: TestCa
  /** Asked before the git servers are. */
  receiver?: Receiver
  /**
   * Of another relay: the kernel gives each connection to one of both, as a Service does.
   * @default a free one
   */
  port?: number
}

export interface Relay {
  readonly url: string
  readonly port: number
  /** What nginx said. */
  readErrors(): string
  /** Ends it at once, with all that it has under way. */
  kill(): Promise<void>
}

export interface Receiver {
  /** What relays ask. */
  readonly url: string
  /** What its git-autosync asks. */
  readonly refreshUrl: string
  kill(): Promise<void>
}

/** Starts a relay; it ends after the test. */
export async function startRelay(t: TestScope, options: RelayOptions): Promise<Relay> {
  const port = options.port ?? (await freePort())
  const nginx = await start(t, options, port, (directory) => {
    copyFileSync(options.tls.cert, path.join(directory, 'tls.crt'))
    copyFileSync(options.tls.key, path.join(directory, 'tls.key'))
    return readExample('relay/nginx/relay.conf.template').replace(
      'listen 8443 ssl;',
      `listen 127.0.0.1:${port} ssl reuseport;`,
    )
  })
  return { ...nginx, port, url: `https://127.0.0.1:${port}` }
}

/** Starts the nginx of a receiver on free ports; it ends after the test. */
export async function startReceiver(
  t: TestScope,
  options: Omit<RelayOptions, 'tls' | 'receiver' | 'port'>,
): Promise<Receiver> {
  const [port, refreshPort] = [await freePort(), await freePort()]
  const nginx = await start(t, options, port, () =>
    readExample('relay-announced/receiver.conf.template')
      .replace('listen 8081;', `listen 127.0.0.1:${port};`)
      .replace('listen 127.0.0.1:8082;', `listen 127.0.0.1:${refreshPort};`)
      .replace('"8082 refs"', `"${refreshPort} refs"`),
  )
  return {
    ...nginx,
    url: `http://127.0.0.1:${port}`,
    refreshUrl: `http://127.0.0.1:${refreshPort}`,
  }
}

async function start(
  t: TestScope,
  { ca, logins = {}, receiver, repositories }: Omit<RelayOptions, 'tls' | 'port'>,
  port: number,
  serverOf: (directory: string) => string,
) {
  const scratch = makeScratchDirectory()
  const directory = path.join(scratch, 'etc')
  mkdirSync(directory)
  mkdirSync(path.join(scratch, 'cache'))
  const placed = (text: string) =>
    text
      // Addresses need none.
      .replace(/^resolver .*$/m, '')
      .replaceAll('/etc/nginx/relay-credentials/', `${directory}/`)
      .replaceAll('/etc/nginx/relay/', `${directory}/`)
      .replaceAll('/etc/nginx/tls', directory)
      .replaceAll('/var/cache/nginx', path.join(scratch, 'cache'))
      .replaceAll('/etc/ssl/certs/ca-certificates.crt', ca.cert)
      .replaceAll(RECEIVER, receiver?.url ?? RECEIVER)
  const first = receiver ? 'relay-announced/first.conf' : 'relay/nginx/first.conf'
  const files = {
    'relay.conf': serverOf(directory),
    'maps.conf': readExample('relay/nginx/maps.conf'),
    'git.conf': readExample('relay/nginx/git.conf'),
    'first.conf': readExample(first),
    'repositories.map': linesOf(repositories),
    'authorization.map': linesOf(logins),
  }
  for (const [name, text] of Object.entries(files)) {
    writeFileSync(path.join(directory, name), placed(text))
  }
  const args = configureNginx(path.join(scratch, 'nginx'), path.join(directory, 'relay.conf'))
  const errors = path.join(scratch, 'error.log')
  args.splice(-1, 1, errors, '-g', 'daemon off;')
  const child = spawn('nginx', args, {
    env: { ...process.env, PATH: NGINX_PATH },
    stdio: 'ignore',
    // Its workers, too.
    detached: true,
  })
  const ended = once(child, 'exit')
  const readErrors = () => (existsSync(errors) ? readFileSync(errors, 'utf8') : '')
  const kill = async () => {
    if (child.exitCode === null && child.signalCode === null)
      process.kill(-(child.pid ?? 0), 'SIGKILL')
    await ended
  }
  atEnd(t, async () => {
    await kill()
    rmSync(scratch, { recursive: true, force: true, maxRetries: 3 })
  })
  await until(
    () => existsSync(path.join(scratch, 'nginx/pid')) && isListening(port),
    async () => `nginx listens: ${readErrors()}`,
  )
  return { readErrors, kill }
}

async function isListening(port: number): Promise<boolean> {
  const { connect } = await import('node:net')
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    socket.on('connect', () => {
      socket.destroy()
      resolve(true)
    })
    socket.on('error', () => resolve(false))
  })
}

function readExample(file: string): string {
  return readFileSync(path.join(EXAMPLE, file), 'utf8')
}

function linesOf(map: Record<string, string>): string {
  return Object.entries(map)
    .map(([from, to]) => `${JSON.stringify(from)} ${JSON.stringify(to)};\n`)
    .join('')
}
