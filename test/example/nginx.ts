// What a test of nginx needs around the server blocks that it is about.
import { mkdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'

/** Daemons lie in /usr/sbin, which not every user's PATH has. */
export const NGINX_PATH = `${process.env['PATH']}:/usr/sbin`

/** Writes a configuration whose server blocks are in `servers`, a glob; the arguments for nginx. */
export function configureNginx(prefix: string, servers: string): string[] {
  mkdirSync(prefix)
  const config = path.join(prefix, 'nginx.conf')
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    (kind) => `${kind}_temp_path ${prefix}/${kind};`,
  )
  writeFileSync(
    config,
    `${process.getuid?.() === 0 ? 'user root;' : ''} worker_processes 1; pid ${prefix}/pid; events {}
    http { access_log off; ${temporary.join(' ')} include ${servers}; }\n`,
  )
  return ['-p', prefix, '-c', config, '-e', 'stderr']
}
