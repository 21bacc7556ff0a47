// Names of files and directories as users write them, told apart from what gets into their
// place by mistake: an address, or the secret that belongs into the file.

/** `https://`, with a slip of the finger; a host without its scheme; a user and a password. */
const ADDRESS = /:\/\/|https?(?:[:;]\/|[:;]?\/\/)|^\/\/[^/]*@|[^\s/:]:[^\s@]*@/i
const CONTENT = /-----BEGIN|[\r\n{]/
const PLAIN = /\/|\.[a-z0-9]+$/i

/** Whether `text` looks like the address of a remote, be it mistyped, which may hold a password. */
export function looksLikeAddress(text: string): boolean {
  return ADDRESS.test(text)
}

/** Whether `text` can be the name of a file, and is neither an address nor what a file holds. */
export function isFileName(text: string): boolean {
  return !CONTENT.test(text) && !looksLikeAddress(text)
}

/**
 * `label` with the `file` that it names, absolute; without it where `written`, as the user has it,
 * may as well be a secret: it has neither a slash nor an extension.
 */
export function describeFile(label: string, written: string, file: string): string {
  return isFileName(written) && PLAIN.test(written)
    ? `${label} ${file}`
    : `${label} (not shown: it may be a secret)`
}
