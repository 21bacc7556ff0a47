// Every forge, in the order in which a request is held against them: some send the headers of
// others as well.
import { azureDevOps } from './azure-devops.js'
import { bitbucketCloud } from './bitbucket-cloud.js'
import { bitbucketDataCenter } from './bitbucket-data-center.js'
import type { Forge, WebhookRequest } from './forge.js'
import { forgejo } from './forgejo.js'
import { generic } from './generic.js'
import { gerrit } from './gerrit.js'
import { gitea } from './gitea.js'
import { github } from './github.js'
import { gitlab } from './gitlab.js'

/** The last of them takes whatever is of none of the others. */
export const FORGES: readonly Forge[] = [
  forgejo,
  gitea,
  github,
  gitlab,
  bitbucketCloud,
  bitbucketDataCenter,
  azureDevOps,
  gerrit,
  generic,
]

/** The forge that a request is of. */
export function forgeOf(request: WebhookRequest): Forge {
  return FORGES.find((forge) => forge.recognises(request)) ?? generic
}
