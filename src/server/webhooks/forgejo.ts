// Forgejo, which sends the headers of Gitea, Gogs and GitHub as well: it is looked for first.
// https://forgejo.org/docs/latest/user/webhooks/
import type { Forge } from './forge.js'
import { pushIn } from './github.js'
import { hexSignature } from './proofs.js'

export const forgejo: Forge = {
  name: 'forgejo',
  recognises: (request) => request.headers['x-forgejo-event'] !== undefined,
  proofOf: (request) => hexSignature(request, 'x-forgejo-signature'),
  announcementsIn: (body, request) =>
    request.headers['x-forgejo-event'] === 'push' ? pushIn(body) : [],
}
