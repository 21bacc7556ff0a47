// Gerrit's webhooks plugin, which sends no header of its own and signs nothing: the secret is in the
// address that it is given, `/webhook?secret=…`. Of a project it says the path alone.
// https://gerrit.googlesource.com/plugins/webhooks/+/HEAD/src/main/resources/Documentation/config.md
import type { Forge } from './forge.js'
import { announced, at, namesOfPath, textAt } from './payload.js'

export const gerrit: Forge = {
  name: 'gerrit',
  recognises: (request) => request.secretInAddress !== undefined,
  proofOf: ({ secretInAddress: secret }) =>
    secret === undefined ? undefined : { kind: 'secret', secret },
  announcementsIn(body) {
    if (textAt(body, 'type') !== 'ref-updated') return []
    const update = at(body, 'refUpdate')
    return announced(namesOfPath(textAt(update, 'project')), {
      ref: textAt(update, 'refName'),
      oid: at(update, 'newRev'),
      before: at(update, 'oldRev'),
    })
  },
}
