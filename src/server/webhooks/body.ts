// What a body announces: JSON, or a form that holds it.
import type { Announcement } from '../../sync/announcement.js'
import type { WebhookRequest } from './forge.js'
import { FORGES } from './forges.js'

/** A body whose signature holds; it can be cloned. */
export interface WebhookBody {
  /** Of its forge. */
  name: string
  request: WebhookRequest
  bytes: Uint8Array
}

/** What a body announces; undefined where it is not JSON. */
export function announcementsIn(body: WebhookBody): readonly Announcement[] | undefined {
  const { name, request, bytes } = body
  const forge = FORGES.find((each) => each.name === name)
  const text = new TextDecoder().decode(bytes)
  const isForm = /^application\/x-www-form-urlencoded\b/i.test(
    request.headers['content-type'] ?? '',
  )
  // GitHub sends the form that it sent first, unless JSON is chosen; curl calls all that it sends one.
  const json = (isForm && new URLSearchParams(text).get('payload')) || text
  const parsed = parse(json)
  return parsed && forge?.announcementsIn(parsed.value, request)
}

function parse(json: string): { value: unknown } | undefined {
  try {
    return { value: JSON.parse(json) }
  } catch {
    return undefined
  }
}
