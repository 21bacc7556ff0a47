// Gitea, which sends the headers of Gogs and GitHub as well: it is looked for before GitHub.
// https://docs.gitea.com/usage/repository/webhooks
import type { Forge } from './forge.js'
import { pushIn } from './github.js'
import { hexSignature } from './proofs.js'

export const gitea: Forge = {
  name: 'gitea',
  recognises: (request) => request.headers['x-gitea-event'] !== undefined,
  proofOf: (request) => hexSignature(request, 'x-gitea-signature'),
  announcementsIn: (body, request) =>
    request.headers['x-gitea-event'] === 'push' ? pushIn(body) : [],
}
