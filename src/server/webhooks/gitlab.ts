// GitLab: webhooks of projects and groups, and system hooks. Where a signing token is set, the
// signature alone counts. https://docs.gitlab.com/user/project/integrations/webhook_events/
import type { Forge } from './forge.js'
import { announced, at, namesIn, textAt } from './payload.js'
import { secretIn, standardSignature } from './proofs.js'

const PUSHES = ['push', 'tag_push']

export const gitlab: Forge = {
  name: 'gitlab',
  recognises: (request) => request.headers['x-gitlab-event'] !== undefined,
  proofOf: (request) =>
    request.headers['webhook-signature'] === undefined
      ? secretIn(request, 'x-gitlab-token')
      : standardSignature(request),
  announcementsIn(body) {
    // A system hook has no kind.
    const event = textAt(body, 'object_kind') ?? textAt(body, 'event_name') ?? ''
    if (!PUSHES.includes(event)) return []
    const names = namesIn(at(body, 'project'), 'git_http_url', 'git_ssh_url', 'web_url')
    const change = { ref: textAt(body, 'ref'), oid: at(body, 'after'), before: at(body, 'before') }
    return announced(names, change)
  },
}
