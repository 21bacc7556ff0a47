// A publication at a target that is held until it ends, whichever way it ends.
import type { LargeBlob, StoredObject } from '../git/object.js'
import type { Oid } from '../git/oid.js'
import { guarded } from '../volume/volume-error.js'
import { lettingGo, publisherOf } from './at-target.js'
import type { FirstPaths } from './drift/inspection.js'
import type { LfsFile } from './drift/lfs-files.js'
import type { Publication, Published, Ready } from './publisher.js'
import type { HeldTarget, RepositoryPlace } from './target.js'
import { removeForeign } from './update/clean.js'
import { recover } from './update/record.js'

export class HeldPublication implements Publication {
  readonly #held: HeldTarget
  readonly #publication: Publication
  readonly #checkpoint: () => void

  constructor(held: HeldTarget, publication: Publication, checkpoint: () => void) {
    this.#held = held
    this.#publication = publication
    this.#checkpoint = checkpoint
  }

  offer(oid: Oid, object: StoredObject): boolean {
    return guarded(this.#held, () => this.#publication.offer(oid, object))
  }

  find(oid: Oid): StoredObject | undefined {
    return guarded(this.#held, () => this.#publication.find(oid))
  }

  pending(): Iterable<Oid> {
    return this.#publication.pending()
  }

  lfsFiles(): Iterable<{ file: LfsFile; object: LargeBlob | undefined }> {
    return guarded(this.#held, () => this.#publication.lfsFiles())
  }

  repository(): RepositoryPlace | undefined {
    return this.#publication.repository()
  }

  ready(): Ready {
    return guarded(this.#held, () => {
      this.#held.volume.close()
      return this.#publication.ready()
    })
  }

  finish(): Published {
    return lettingGo(this.#held, () => {
      // Directories may have been moved since the beginning: those count that are there now.
      this.#held.volume.close()
      const published = this.#publication.finish()
      const foreign = this.#clean()
      return foreign ? { ...published, foreign } : published
    })
  }

  abandon(): void {
    lettingGo(this.#held, () => this.#publication.abandon())
  }

  /** Removes what others put beside what is published, where that is asked for. */
  #clean(): FirstPaths | undefined {
    if (!this.#held.clean) return undefined
    const layout = publisherOf(this.#held).current(this.#held)
    const record = layout && recover(layout)
    return record && removeForeign(this.#held, layout, record, this.#checkpoint)
  }
}
