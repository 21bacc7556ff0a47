// What an entry follows, and the full ref names it stands for.
// https://git-scm.com/docs/gitrevisions, https://git-scm.com/docs/git-check-ref-format

/**
 * The remote's HEAD, or a branch or tag by short name, or any ref by full name, or the first ref that
 * git takes a name for, or the newest tag that is in a range of versions, or a commit by full oid.
 */
export type Revision =
  | { kind: 'head' }
  | { kind: 'branch'; name: string }
  | { kind: 'tag'; name: string }
  | { kind: 'ref'; name: string }
  | { kind: 'name'; name: string }
  | { kind: 'semver'; range: string }
  | { kind: 'commit'; oid: string }

const TAGS = 'refs/tags/'

/** What the full names of the refs start with that a revision may follow; of a commit there are none. */
export function prefixesOf(revision: Revision): string[] {
  switch (revision.kind) {
    case 'semver':
      return [TAGS]
    case 'commit':
      return []
    case 'name':
      return fullNames(revision.name)
    default:
      return [nameOf(revision)]
  }
}

/** What git takes a name for, the first that is there. https://git-scm.com/docs/gitrevisions */
function fullNames(name: string): string[] {
  const remotes = `refs/remotes/${name}`
  return [name, `refs/${name}`, `${TAGS}${name}`, `refs/heads/${name}`, remotes, `${remotes}/HEAD`]
}

/**
 * What a revision is called before the remote was heard: the full name of its ref; of versions
 * their range, and of a commit its oid, as no ref stands for them.
 */
export function nameOf(revision: Revision): string {
  switch (revision.kind) {
    case 'head':
      return 'HEAD'
    case 'branch':
      return `refs/heads/${revision.name}`
    case 'tag':
      return `${TAGS}${revision.name}`
    case 'ref':
    case 'name':
      return revision.name
    case 'semver':
      return revision.range
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
