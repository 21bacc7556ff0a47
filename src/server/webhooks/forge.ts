// What a forge's webhooks have in common: how a request of it is told, how it shows that whoever
// sent it knows a secret, and what its body announces. One file a forge says how.
import type { Announcement } from '../../sync/announcement.js'

/** What is known of a request before its body. */
export interface WebhookRequest {
  /** By their names in lower case. */
  headers: Readonly<Record<string, string | undefined>>
  /** The secret in the address, for forges that can send none elsewhere. */
  secretInAddress: string | undefined
}

/** How a request shows that its sender knows a secret. */
export type Proof =
  /** It holds the secret itself. */
  | { kind: 'secret'; secret: string }
  /** It holds an HMAC-SHA256 of `prefix` and its body, any of `digests`. */
  | {
      kind: 'hmac'
      digests: readonly Buffer[]
      prefix: string
      /** The key that a secret stands for. */
      keyOf: (secret: string) => Buffer | string
      /** When it was signed, in milliseconds since the epoch; undefined: that is not told. */
      signedAt: number | undefined
    }

export interface Forge {
  /** As metrics and logs have it. */
  name: string
  recognises(request: WebhookRequest): boolean
  /** Undefined where a request shows nothing. */
  proofOf(request: WebhookRequest): Proof | undefined
  /** What a body, parsed JSON of any shape, announces: nothing where it is of another event. */
  announcementsIn(body: unknown, request: WebhookRequest): Announcement[]
}
