// Bitbucket Data Center, formerly Server.
// https://confluence.atlassian.com/bitbucketserver/event-payload-938025882.html
import type { Forge } from './forge.js'
import { announced, at, itemsOf, namesOf, namesOfPath, textAt } from './payload.js'
import { basicPassword, hexSignature } from './proofs.js'

export const bitbucketDataCenter: Forge = {
  name: 'bitbucket-data-center',
  recognises: (request) => request.headers['x-event-key'] !== undefined,
  proofOf: (request) => hexSignature(request, 'x-hub-signature') ?? basicPassword(request),
  announcementsIn(body, request) {
    if (request.headers['x-event-key'] !== 'repo:refs_changed') return []
    const repository = at(body, 'repository')
    const links = itemsOf(at(repository, 'links', 'clone'))
    const names = namesOf(links.map((link) => textAt(link, 'href')))
    return itemsOf(at(body, 'changes')).flatMap((change) =>
      announced(names.length > 0 ? names : namesOfPath(pathOf(repository)), {
        ref: textAt(change, 'ref', 'id') ?? textAt(change, 'refId'),
        oid: at(change, 'toHash'),
        before: at(change, 'fromHash'),
      }),
    )
  },
}

/** Earlier versions send no addresses. */
function pathOf(repository: unknown): string | undefined {
  const project = textAt(repository, 'project', 'key')
  const slug = textAt(repository, 'slug')
  return project && slug && `${project}/${slug}`
}
