// GitHub. https://docs.github.com/webhooks/webhook-events-and-payloads#push
import type { Announcement } from '../../sync/announcement.js'
import type { Forge } from './forge.js'
import { announced, at, namesIn, textAt } from './payload.js'
import { hexSignature } from './proofs.js'

export const github: Forge = {
  name: 'github',
  recognises: (request) => request.headers['x-github-event'] !== undefined,
  proofOf: (request) => hexSignature(request, 'x-hub-signature-256'),
  announcementsIn: (body, request) =>
    request.headers['x-github-event'] === 'push' ? pushIn(body) : [],
}

/** A push as GitHub has it, and those who took its form over. */
export function pushIn(body: unknown): Announcement[] {
  const names = namesIn(at(body, 'repository'), 'clone_url', 'ssh_url', 'html_url', 'git_url')
  const change = { ref: textAt(body, 'ref'), oid: at(body, 'after'), before: at(body, 'before') }
  return announced(names, change)
}
