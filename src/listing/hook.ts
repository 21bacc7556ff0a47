// What an entry wants to be done before a commit is published, or after it: checked, and with every
// default filled in.

/** What all hooks have. */
interface Attempts {
  /** Its place in the entry, as `after/0`; its name in logs and metrics. */
  name: string
  /** How long one attempt may take, in milliseconds. */
  timeoutMs: number
  /** How long to wait after the first failure, in milliseconds. */
  backoffMs: number
  /** Whether it is waited longer after each further failure, or always as long. @default 'growing' */
  retry?: 'growing' | 'fixed'
  /** Of a hook after: whether it is told again of a commit whose files were put right. @default false */
  isRepeated?: boolean
  /** Of a hook before: whether the publication waits for it, and needs its consent. @default true */
  isAwaited?: boolean
}

/** A program that is run, without a shell. */
export interface RunHook extends Attempts {
  kind: 'run'
  program: string
  arguments: readonly string[]
  /**
   * Variables that it is given, with placeholders, beside all of this process's; where there are none,
   * it is given the publication's and what is harmless of this process's.
   */
  environment?: Readonly<Record<string, string>>
  /** Whether what it left in the background goes on once it has succeeded. @default false */
  mayLeave?: boolean
}

/** Where a message is posted to. */
export interface PostAddress {
  /** With placeholders, but those of a call; undefined where a file has it. */
  url: string | undefined
  /** The absolute name of the file with the address. */
  urlFile: string | undefined
  headers: Readonly<Record<string, string>>
  /** Absolute names of files by the headers whose values they hold. */
  headerFiles: Readonly<Record<string, string>>
  /** The absolute name of the file with the secrets to sign with. */
  secretFile: string | undefined
}

/** JSON that is posted. */
export interface PostHook extends Attempts, PostAddress {
  kind: 'post'
  /** With placeholders in its texts; undefined: all that is known of the publication. */
  body: unknown
  /** A request without a body in place of the post. */
  call?: Call
}

/** A request that says nothing but the commit. */
export interface Call {
  method: string
  /** The header that has the commit's oid. */
  oidHeader: string
  /** The status that means success; undefined: any. */
  status: number | undefined
  /** How many redirects are followed. */
  redirects: number
}

/** A file whose time is set. */
export interface TouchHook extends Attempts {
  kind: 'touch'
  /** Absolute. */
  file: string
}

/** One thing to do. */
export type Hook = RunHook | PostHook | TouchHook
