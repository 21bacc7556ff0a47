// What somebody else chooses, a remote or a file, is shown and counted only to a length.

/** The most that a name which somebody else chooses has where it is shown, in UTF-16 units. */
const MAX_NAME_LENGTH = 255
const MAX_SENTENCE_LENGTH = 4096

/** `name`, cut where it is longer than any name that people give. */
export function cutName(name: string): string {
  return cut(name, MAX_NAME_LENGTH)
}

/** `text`, cut where it is longer than anybody reads. */
export function cutSentence(text: string): string {
  return cut(text, MAX_SENTENCE_LENGTH)
}

/** `text`, cut to so many UTF-16 units. */
export function cut(text: string, length: number): string {
  if (text.length <= length) return text
  // Not between the halves of a character.
  return `${text.slice(0, length - 1).replace(/[\ud800-\udbff]$/, '')}…`
}
