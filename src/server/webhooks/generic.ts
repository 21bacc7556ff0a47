// Whatever else announces pushes, as a hook of a git server or a CI job: `{"repo": "https://…",
// "ref": "refs/heads/main", "oid": "…"}`; without a ref, all that the repository has may be new.
import type { Forge } from './forge.js'
import { announced, at, namesIn, textAt } from './payload.js'
import { bearer, hexSignature, standardSignature } from './proofs.js'

export const generic: Forge = {
  name: 'generic',
  recognises: () => true,
  proofOf: (request) =>
    standardSignature(request) ?? hexSignature(request, 'x-hub-signature-256') ?? bearer(request),
  announcementsIn(body) {
    const repositories = namesIn(body, 'repo')
    const ref = textAt(body, 'ref')
    if (repositories.length === 0) return []
    if (ref === undefined) return [{ repositories, ref, oid: undefined, before: undefined }]
    return announced(repositories, { ref, oid: at(body, 'oid'), before: undefined })
  },
}
