// Azure DevOps, which signs nothing: a secret is the password of its basic authentication.
// https://learn.microsoft.com/azure/devops/service-hooks/events#git.push
import type { Forge } from './forge.js'
import { announced, at, itemsOf, namesIn, textAt } from './payload.js'
import { basicPassword } from './proofs.js'

export const azureDevOps: Forge = {
  name: 'azure-devops',
  // Its own headers are documented nowhere.
  recognises: ({ headers }) =>
    ['x-vss-activityid', 'x-vss-subscriptionid'].some((name) => headers[name]) ||
    /^basic /i.test(headers['authorization'] ?? ''),
  proofOf: basicPassword,
  announcementsIn(body) {
    if (textAt(body, 'eventType') !== 'git.push') return []
    const resource = at(body, 'resource')
    const names = namesIn(at(resource, 'repository'), 'remoteUrl', 'sshUrl', 'webUrl')
    return itemsOf(at(resource, 'refUpdates')).flatMap((update) =>
      announced(names, {
        ref: textAt(update, 'name'),
        oid: at(update, 'newObjectId'),
        before: at(update, 'oldObjectId'),
      }),
    )
  },
}
