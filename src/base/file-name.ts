// Names of files and directories as users write them, told apart from what gets into their
// place by mistake: an address, or the secret that belongs into the file.
import path from 'node:path'

/** A file that a user names. */
export interface NamedFile {
  /** As the user has it. */
  written: string
  /** Absolute. */
  file: string
}

/** `https://`, with a slip of the finger; a host without its scheme. */
const SCHEME = /:\/\/|^\s*https?(?:[:;]\/|[:;]?\/\/)|^\/\/(?:[^/]*|[^@]*:[^@]*)@/i
/** A user and a password where a path has its first part. */
const LOGIN = /^\s*(?:\.{0,2}\/)?[^\s/:]+:[^\s@/]*@/
const CONTENT = /-----BEGIN|[\r\n]|^\s*[[{]|[[{].*"|".*[[{]/
/** It says where it starts, or has an extension: a password or a token seldom does. */
const IS_PATH = /^\.{0,2}\/|\.[a-z][a-z0-9]{0,4}$/i
/** Part of a name, too long to be without a dot or a dash; and such a one that is made of words. */
const LONG_PART = /[^/.-]{20,}/g
const WORDS = /^(?:[a-z_ ]+|[A-Z_ ]+)\d{0,4}$/

/** The file that `written` names; a relative name starts at `folder`. */
export function namedIn(folder: string, written: string): NamedFile {
  return { written, file: path.resolve(folder, written) }
}

/** Whether `text` begins as the address of a remote does, be it mistyped. */
export function hasScheme(text: string): boolean {
  return SCHEME.test(text)
}

/** Whether `text` looks like the address of a remote, be it mistyped, which may hold a password. */
export function looksLikeAddress(text: string): boolean {
  return hasScheme(text) || LOGIN.test(text)
}

/** Whether `text` can be the name of a file, and is neither an address nor what a file holds. */
export function isFileName(text: string): boolean {
  return !CONTENT.test(text) && !looksLikeAddress(text)
}

/** The absolute name of a file; where what was written may as well be a secret, only that. */
export function showFile({ written, file }: NamedFile): string {
  return isShowable(written) ? file : '(not shown: it may be a secret)'
}

/** Whether `text` is a file name that nobody takes for a secret: not base64, hex or a JWT. */
function isShowable(text: string): boolean {
  if (!isFileName(text) || !IS_PATH.test(text) || /[+=]/.test(text)) return false
  return (text.match(LONG_PART) ?? []).every((part) => WORDS.test(part))
}
