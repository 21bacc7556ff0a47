// Where a relative address of a submodule leads.
// https://git-scm.com/docs/gitmodules

/**
 * Where the address of a submodule leads, seen from its superproject's, as git has it; both are as
 * written. Throws a RangeError where it leads out of that.
 */
export function resolveSubmoduleUrl(url: string, superprojectUrl: string): string {
  if (!/^\.\.?\//.test(url)) return url
  let base = superprojectUrl.replace(/\/$/, '')
  const isRelative = isLocal(base) && !base.startsWith('/')
  if (isRelative && !/^\.\.?\//.test(base)) base = `./${base}`
  let rest = url
  let separator = '/'
  for (;;) {
    if (rest.startsWith('../')) {
      rest = rest.slice(3)
      const cut = withoutLastDirectory(base, isRelative)
      base = cut.base
      if (cut.isAtColon) separator = ':'
    } else if (rest.startsWith('./')) rest = rest.slice(2)
    else break
  }
  return `${base}${separator}${rest.replace(/\/$/, '')}`.replace(/^\.\//, '')
}

function withoutLastDirectory(
  base: string,
  isRelative: boolean,
): { base: string; isAtColon: boolean } {
  const slash = base.lastIndexOf('/')
  if (slash >= 0) return { base: base.slice(0, slash), isAtColon: false }
  const colon = base.lastIndexOf(':')
  if (colon >= 0) return { base: base.slice(0, colon), isAtColon: true }
  if (isRelative || base === '.') throw new RangeError(`leads out of ${base}`)
  return { base: '.', isAtColon: false }
}

/** Whether an address is a path: it has no colon, or a slash before it. */
function isLocal(url: string): boolean {
  const colon = url.indexOf(':')
  const slash = url.indexOf('/')
  return colon < 0 || (slash >= 0 && slash < colon)
}
