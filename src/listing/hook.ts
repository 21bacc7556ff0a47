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
}

/** A program that is run, without a shell. */
export interface RunHook extends Attempts {
  kind: 'run'
  program: string
  arguments: readonly string[]
}

/** Where a message is posted to. */
export interface PostAddress {
  /** With placeholders; undefined where a file has it. */
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
}

/** A file whose time is set. */
export interface TouchHook extends Attempts {
  kind: 'touch'
  /** Absolute. */
  file: string
}

/** One thing to do. */
export type Hook = RunHook | PostHook | TouchHook
