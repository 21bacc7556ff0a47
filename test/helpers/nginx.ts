// A real nginx in front of a real git: `git http-backend` by way of fcgiwrap, with basic
// authentication and TLS as a test wants them. https://nginx.org/en/docs/
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import net from 'node:net'
import path from 'node:path'
import { atEnd, type TestScope } from './at-end.js'
import type { CertificateFiles } from './certificates.js'
import { freePort } from './free-port.js'
import { git, gitEnvironment } from './git-command.js'
import { makeScratchDirectory } from './scratch.js'
import { until } from './service.js'

export interface NginxOptions {
  /** The folder whose repositories are served. */
  root: string
  /** `user:password`, kept in a htpasswd file that may be rotated. */
  auth?: string
  tls?: CertificateFiles & {
    /** The CA whose client certificates are required. */
    clientCa?: string
  }
}

export interface Nginx {
  /** By the address 127.0.0.1, without a slash at its end. */
  readonly url: string
  readonly port: number
  /** Replaces the only user. */
  setAuth(auth: string): void
  /** The lines of its log: status, method, path and user of every request. */
  readLog(): string[]
}

/** Starts nginx on a free port of 127.0.0.1; it ends after the test. */
export async function startNginx(t: TestScope, options: NginxOptions): Promise<Nginx> {
  const { auth, tls } = options
  const directory = makeScratchDirectory()
  const passwords = path.join(directory, 'htpasswd')
  const log = path.join(directory, 'access.log')
  const socket = path.join(directory, 'fcgi.sock')
  // nginx reads it at each request.
  const setAuth = (text: string) => writeFileSync(passwords, `${text.replace(':', ':{PLAIN}')}\n`)
  if (auth !== undefined) setAuth(auth)

  const cgi = spawn('fcgiwrap', ['-s', `unix:${socket}`], { env: daemonEnvironment() })
  const port = await freePort()
  const config = path.join(directory, 'nginx.conf')
  writeFileSync(config, render(options, { directory, port, passwords, log, socket }))
  const errors = path.join(directory, 'error.log')
  const nginx = spawn('nginx', ['-p', directory, '-c', config, '-e', errors], {
    env: daemonEnvironment(),
    stdio: 'ignore',
  })
  atEnd(t, async () => {
    const ended = [nginx, cgi].map((child) => once(child, 'exit'))
    nginx.kill('SIGTERM')
    cgi.kill('SIGTERM')
    await Promise.all(ended)
    rmSync(directory, { recursive: true, force: true, maxRetries: 3 })
  })
  await until(
    async () => existsSync(socket) && (await isOpen(port)),
    async () => `nginx listens: ${readFileSync(errors, 'utf8')}`,
  )
  return {
    url: `${tls ? 'https' : 'http'}://127.0.0.1:${port}`,
    port,
    setAuth,
    readLog: () => readFileSync(log, 'utf8').split('\n').filter(Boolean),
  }
}

interface Places {
  directory: string
  port: number
  passwords: string
  log: string
  socket: string
}

function render({ root, auth, tls }: NginxOptions, places: Places): string {
  const { directory } = places
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    (kind) => `${kind}_temp_path ${path.join(directory, kind)};`,
  )
  return `
${process.getuid?.() === 0 ? 'user root;' : ''}
daemon off;
worker_processes 1;
pid ${path.join(directory, 'nginx.pid')};
events {}
http {
  log_format short '$status $request_method $request_uri $remote_user';
  access_log ${places.log} short;
  ${temporary.join('\n  ')}
  keepalive_timeout 3600;
  server {
    listen 127.0.0.1:${places.port}${tls ? ' ssl' : ''};
    ${tls ? `ssl_certificate ${tls.cert};\n    ssl_certificate_key ${tls.key};` : ''}
    ${tls?.clientCa ? `ssl_verify_client on;\n    ssl_client_certificate ${tls.clientCa};` : ''}
    ${auth === undefined ? '' : `auth_basic git;\n    auth_basic_user_file ${places.passwords};`}
    location / {
      client_max_body_size 0;
      fastcgi_pass unix:${places.socket};
      fastcgi_param SCRIPT_FILENAME ${git('.', '--exec-path')}/git-http-backend;
      fastcgi_param GIT_PROJECT_ROOT ${root};
      fastcgi_param GIT_HTTP_EXPORT_ALL 1;
      fastcgi_param PATH_INFO $uri;
      fastcgi_param QUERY_STRING $query_string;
      fastcgi_param REQUEST_METHOD $request_method;
      fastcgi_param CONTENT_TYPE $content_type;
      fastcgi_param CONTENT_LENGTH $content_length;
      fastcgi_param GIT_PROTOCOL $http_git_protocol;
      fastcgi_param REMOTE_USER $remote_user;
      fastcgi_param REMOTE_ADDR $remote_addr;
    }
  }
}
`
}

/** Daemons lie in /usr/sbin, which not every user's PATH has. */
function daemonEnvironment(): NodeJS.ProcessEnv {
  return { ...gitEnvironment(), PATH: `${process.env['PATH']}:/usr/sbin` }
}

function isOpen(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = net.connect(port, '127.0.0.1')
    socket.on('connect', () => {
      socket.destroy()
      resolve(true)
    })
    socket.on('error', () => resolve(false))
  })
}
