// The page for people: sent whole, and kept up to date by scripts that lie beside this file.
import { readFileSync } from 'node:fs'
import type { FastifyInstance } from 'fastify'
import { eachInTurns } from '../../base/turns.js'
import { redactedCopy } from '../redacted-json.js'
import { documentOf } from './document.js'
import type { LazyPage, PageEntry } from './page-report.js'
import { STYLE } from './style.js'

export interface PageSource {
  /** What the page shows. */
  page(): LazyPage
}

/** What runs in the browser: the first, and what it imports. */
const SCRIPTS = ['live.js', 'ages.js', 'filter.js', 'html.js', 'order.js', 'view.js']

/** Nothing comes from elsewhere, nothing runs but the scripts, and nobody puts it into a frame. */
const SECURITY_HEADERS = {
  'content-security-policy': [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "connect-src 'self'",
    'img-src data:',
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; '),
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
}

/** Adds GET /, and what belongs to the page. */
export function addPageRoute(app: FastifyInstance, source: PageSource): void {
  app.get('/', async (_request, reply) => {
    const { entries, ...page } = source.page()
    const shown: PageEntry[] = []
    await eachInTurns(entries, ({ show }) => shown.push(redactedCopy(show())))
    const report = { ...redactedCopy(page), entries: shown }
    return reply.headers(SECURITY_HEADERS).type('text/html; charset=utf-8').send(documentOf(report))
  })
  app.get('/page/page.css', (_request, reply) =>
    reply.headers(SECURITY_HEADERS).type('text/css; charset=utf-8').send(STYLE),
  )
  for (const name of SCRIPTS) {
    const script = readFileSync(new URL(name, import.meta.url))
    app.get(`/page/${name}`, (_request, reply) =>
      reply.headers(SECURITY_HEADERS).type('text/javascript; charset=utf-8').send(script),
    )
  }
}
