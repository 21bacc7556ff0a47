// Bitbucket Cloud. https://support.atlassian.com/bitbucket-cloud/docs/event-payloads/#Push
import type { Forge } from './forge.js'
import { announced, at, itemsOf, namesOf, textAt } from './payload.js'
import { hexSignature } from './proofs.js'

export const bitbucketCloud: Forge = {
  name: 'bitbucket-cloud',
  // Data Center has other events, but for those of pull requests and comments.
  recognises: (request) =>
    request.headers['x-event-key'] === 'repo:push' || request.headers['x-hook-uuid'] !== undefined,
  proofOf: (request) => hexSignature(request, 'x-hub-signature'),
  announcementsIn(body, request) {
    if (request.headers['x-event-key'] !== 'repo:push') return []
    const names = namesOf([textAt(body, 'repository', 'links', 'html', 'href')])
    return itemsOf(at(body, 'push', 'changes')).flatMap((change) => {
      // A branch that was deleted has nothing new.
      const named = at(change, 'new') ?? at(change, 'old')
      const ref = refOf(textAt(named, 'type'), textAt(named, 'name'))
      const [oid, before] = ['new', 'old'].map((side) => at(change, side, 'target', 'hash'))
      return announced(names, { ref, oid, before })
    })
  },
}

function refOf(type: string | undefined, name: string | undefined): string | undefined {
  if (name === undefined) return undefined
  return type === 'tag' || type === 'annotated_tag' ? `refs/tags/${name}` : `refs/heads/${name}`
}
