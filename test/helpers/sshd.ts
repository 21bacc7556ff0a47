// A real OpenSSH server on a free port of 127.0.0.1, with keys of its own, that serves
// the user who runs the test; and a proxy before it that counts and cuts connections.
import { execFileSync, spawn } from 'node:child_process'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import net, { type AddressInfo, type Socket } from 'node:net'
import os from 'node:os'
import path from 'node:path'
import { atEnd } from './at-end.js'
import { freePort } from './free-port.js'
import { type TestScope, tempDir } from './git.js'
import { until } from './service.js'

const SSHD = '/usr/sbin/sshd'

export interface SshdOptions {
  /** @default '127.0.0.1' */
  address?: string
  /** @default one that is free */
  port?: number
  /** Whether clients may ask for protocol v2. @default true */
  acceptsProtocol?: boolean
  /** Types of host keys. @default ['ed25519'] */
  hostKeyTypes?: readonly string[]
  /** Further lines of the configuration. */
  config?: readonly string[]
}

export interface Sshd {
  readonly port: number
  readonly user: string
  /** Holds everything; removed after the test. */
  readonly dir: string
  /** Public keys that may log in, one a line; changed by the test. */
  readonly authorizedKeys: string
  /** Knows this server under its address and port. */
  readonly knownHosts: string
  /** A private key that may log in. */
  readonly key: string
  /** What the server logged. */
  log(): string
  /** The URL of a repository on this server. */
  url(repository: string): string
  /** Ends the server, and the sessions with it. */
  stop(): Promise<void>
  /** Starts it again on the same port. */
  start(): Promise<void>
}

/** Starts a server; it is stopped after the test. */
export async function startSshd(t: TestScope, options: SshdOptions = {}): Promise<Sshd> {
  const { acceptsProtocol = true, hostKeyTypes = ['ed25519'], config = [] } = options
  const { address = '127.0.0.1' } = options
  const dir = tempDir(t)
  const hostKeys = hostKeyTypes.map((type) => createKey(path.join(dir, `host_${type}`), type))
  const key = createKey(path.join(dir, 'client'), 'ed25519')
  const authorizedKeys = path.join(dir, 'authorized_keys')
  writeFileSync(authorizedKeys, readFileSync(`${key}.pub`))
  const port = options.port ?? (await freePort())
  const knownHosts = path.join(dir, 'known_hosts')
  writeFileSync(knownHosts, hostKeys.map((file) => knownHostsLine(file, port, address)).join(''))
  const configFile = path.join(dir, 'sshd_config')
  const lines = [
    `ListenAddress ${address}`,
    `Port ${port}`,
    ...hostKeys.map((file) => `HostKey ${file}`),
    `AuthorizedKeysFile ${authorizedKeys}`,
    'PidFile none',
    'StrictModes no',
    'UsePAM no',
    'PermitRootLogin yes',
    'PasswordAuthentication no',
    'KbdInteractiveAuthentication no',
    'MaxStartups 100',
    // Else bash would read the user's .bashrc, whatever that does.
    'SetEnv SHLVL=2',
    ...(acceptsProtocol ? ['AcceptEnv GIT_PROTOCOL'] : []),
    ...config,
  ]
  writeFileSync(configFile, `${lines.join('\n')}\n`)
  // Where root runs it, it wants this directory for its child processes.
  if (process.getuid?.() === 0) mkdirSync('/run/sshd', { recursive: true })
  const log: string[] = []
  let stopRunning = async () => {}
  const sshd: Sshd = {
    port,
    user: os.userInfo().username,
    dir,
    authorizedKeys,
    knownHosts,
    key,
    log: () => log.join(''),
    url: (repository) => `ssh://${sshd.user}@${address}:${port}${repository}`,
    stop: () => stopRunning(),
    async start() {
      const child = spawn(SSHD, ['-D', '-e', '-f', configFile], {
        stdio: ['ignore', 'ignore', 'pipe'],
        // A group of its own, so that its sessions end with it.
        detached: true,
      })
      child.stderr.on('data', (text) => log.push(String(text)))
      const exited = new Promise((resolve) => child.on('exit', resolve))
      stopRunning = async () => {
        const sessions = childrenOf(child.pid ?? 0)
        child.kill('SIGKILL')
        for (const pid of sessions) endProcess(pid)
        await exited
      }
      await until(
        () => isListening(port, address),
        async () => `sshd listens: ${log.join('')}`,
      )
    },
  }
  await sshd.start()
  atEnd(t, () => sshd.stop())
  return sshd
}

/** Makes a key pair, and returns the file of the private key. */
export function createKey(file: string, type: string, ...args: string[]): string {
  const bits = type === 'rsa' ? ['-b', '2048'] : []
  const passphrase = args.includes('-N') ? [] : ['-N', '']
  execFileSync('ssh-keygen', [
    '-q',
    '-t',
    type,
    ...bits,
    '-f',
    file,
    '-C',
    '',
    ...passphrase,
    // Rounds that a passphrase is stretched by: ssh2 does them in JavaScript, both times that it reads.
    '-a',
    '1',
    ...args,
  ])
  return file
}

/**
 * Has `authority` sign a host key with further arguments of ssh-keygen, and returns the file of the
 * certificate, which replaces the one before. Without `-h` it is a user's.
 */
export function createCertificate(hostKey: string, authority: string, ...args: string[]): string {
  execFileSync('ssh-keygen', ['-q', '-s', authority, '-I', 'id', ...args, `${hostKey}.pub`])
  return `${hostKey}-cert.pub`
}

/** The line of known_hosts for a host key of this machine. */
export function knownHostsLine(hostKey: string, port: number, host = '127.0.0.1'): string {
  return `[${host}]:${port} ${readFileSync(`${hostKey}.pub`, 'utf8')}`
}

/** The fingerprint that ssh-keygen gives a key. */
export function fingerprintOf(file: string): string {
  const [, fingerprint = ''] = execFileSync('ssh-keygen', ['-l', '-f', file]).toString().split(' ')
  return fingerprint
}

export interface TcpProxy {
  readonly port: number
  /** How many connections were made. */
  readonly connections: number
  /** How many are open. */
  readonly open: number
  /** Breaks every connection. */
  cut(): void
  /** Breaks the connections after the server has sent so many further bytes. */
  cutAfter(bytes: number): void
  /** Passes nothing on from now, in either direction. */
  freeze(): void
}

/** Starts a proxy before a port of this machine; it is closed after the test. */
export async function startTcpProxy(t: TestScope, upstream: number): Promise<TcpProxy> {
  const sockets = new Set<Socket>()
  let [connections, remaining, isFrozen] = [0, Number.POSITIVE_INFINITY, false]
  const cut = () => {
    remaining = Number.POSITIVE_INFINITY
    for (const socket of sockets) socket.destroy()
  }
  const server = net.createServer((client) => {
    connections++
    const target = net.connect(upstream, '127.0.0.1')
    for (const [from, to] of [
      [client, target],
      [target, client],
    ] as const) {
      sockets.add(from)
      from.on('error', () => {})
      from.on('close', () => {
        sockets.delete(from)
        to.destroy()
      })
      from.on('data', (chunk) => {
        if (isFrozen) return
        if (from === target) remaining -= chunk.length
        if (remaining < 0) return cut()
        if (!to.write(chunk)) from.pause()
      })
      to.on('drain', () => from.resume())
    }
  })
  server.listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  atEnd(t, () => {
    cut()
    server.close()
  })
  return {
    port: (server.address() as AddressInfo).port,
    get connections() {
      return connections
    },
    get open() {
      return sockets.size / 2
    },
    cut,
    cutAfter(bytes) {
      remaining = bytes
    },
    freeze() {
      isFrozen = true
    },
  }
}

function isListening(port: number, address: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = net.connect(port, address)
    socket.on('error', () => resolve(false))
    socket.once('data', () => {
      socket.destroy()
      resolve(true)
    })
  })
}

/** The processes that sshd runs for its sessions, and theirs. */
function childrenOf(pid: number): number[] {
  const file = `/proc/${pid}/task/${pid}/children`
  let text = ''
  try {
    text = readFileSync(file, 'utf8')
  } catch {
    // The process has ended meanwhile.
  }
  const children = text.split(' ').filter(Boolean).map(Number)
  return children.flatMap((child) => [child, ...childrenOf(child)])
}

function endProcess(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // It has ended by itself.
  }
}
