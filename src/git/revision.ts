// What an entry follows, and the full ref names it stands for.
// https://git-scm.com/docs/gitrevisions, https://git-scm.com/docs/git-check-ref-format

/** The remote's HEAD, or a branch or tag by short name, or a commit by full oid. */
export type Revision =
  | { kind: 'head' }
  | { kind: 'branch'; name: string }
  | { kind: 'tag'; name: string }
  | { kind: 'commit'; oid: string }

/** The full name of the ref a revision follows; a commit's own oid, as no ref stands for it. */
export function refOf(revision: Revision): string {
  switch (revision.kind) {
    case 'head':
      return 'HEAD'
    case 'branch':
      return `refs/heads/${revision.name}`
    case 'tag':
      return `refs/tags/${revision.name}`
    case 'commit':
      return revision.oid
  }
}

/** Whether git would take `name` as the short name of a branch or a tag. */
export function isRefName(name: string): boolean {
  return (
    name.length > 0 &&
    // biome-ignore lint/suspicious/noControlCharactersInRegex: git forbids them in ref names
    !/[\u0000-\u0020\u007f~^:?*[\\]|\.\.|@\{|\/\/|^[-/]|[/.]$/.test(name) &&
    name !== '@' &&
    name.split('/').every((part) => !part.startsWith('.') && !part.endsWith('.lock'))
  )
}
