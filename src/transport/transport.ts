// A way to one repository's git-upload-pack: bytes go there, and bytes come back.

/** The protocol that is spoken: 2 where the server knows it. */
export type ProtocolVersion = 0 | 2

/** Faults are SyncErrors. An answer must be read to its end or left early; either frees what carries it. */
export interface Transport {
  /** What upload-pack says before it is asked anything, where protocol 2 is wished for. */
  advertise(signal: AbortSignal): Promise<AsyncIterable<Uint8Array>>
  /**
   * The answer to one request, after the server was known by {@link Transport.advertise}; `pastCaches`, it
   * is the server's own, and none that a cache on the way has. @default whichever there is
   */
  exchange(
    request: Buffer,
    version: ProtocolVersion,
    signal: AbortSignal,
    pastCaches?: boolean,
  ): Promise<AsyncIterable<Uint8Array>>
}

/** A request on the wire, as observers are told of it. */
export interface ObservedRequest {
  /** With the port, where it is not the scheme's own. */
  host: string
  /** For instance `git-upload-pack`, or empty. */
  service: string
  /** The status of HTTP, 200 for any answer over SSH, or an error code where none came. */
  code: string
}
