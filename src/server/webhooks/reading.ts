// What a body announces. A long one is read in a thread, one at a time: to parse it would hold up
// all else for as long as it takes.
import { Slots } from '../../base/slots.js'
import type { Announcement } from '../../sync/announcement.js'
import { runInThread } from '../../thread/run.js'
import { announcementsIn, type WebhookBody } from './body.js'

/** So many changes of a push are announced each by itself. */
const MOST_CHANGES = 20
/** The longest body that is read right here, in bytes: it takes some milliseconds. */
const MAX_BYTES_HERE = 256 * 1024

/** Reads bodies; undefined where one is not JSON. */
export type ReadBody = (body: WebhookBody) => Promise<readonly Announcement[] | undefined>

/** Creates what reads bodies. */
export function createReader(): ReadBody {
  const threads = new Slots(1)
  return async (body) => {
    const found = await read(body)
    return found && (found.length > MOST_CHANGES ? joined(found) : found)
  }

  async function read(body: WebhookBody): Promise<readonly Announcement[] | undefined> {
    if (body.bytes.length <= MAX_BYTES_HERE) return announcementsIn(body)
    await threads.take()
    try {
      return await runInThread(new URL('./read-worker.js', import.meta.url), body)
    } finally {
      threads.free()
    }
  }
}

/** A push of many refs, as of any ref: each by itself would be held against every entry. */
function joined(announcements: readonly Announcement[]): Announcement[] {
  const byName = new Map(
    announcements
      .flatMap(({ repositories }) => repositories)
      .map((name) => [`${name.host} ${name.path}`, name]),
  )
  const repositories = [...byName.values()]
  return [{ repositories, ref: undefined, oid: undefined, before: undefined }]
}
