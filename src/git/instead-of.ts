// Addresses that stand for others, as url.<base>.insteadOf of git's configuration has them.
// https://git-scm.com/docs/git-config#Documentation/git-config.txt-urlltbasegtinsteadOf

/** An address that begins with the second becomes one that begins with the first. */
export type InsteadOf = readonly (readonly [base: string, prefix: string])[]

/** The address that is asked in place of `url`: the longest prefix counts. */
export function rewriteUrl(url: string, insteadOf: InsteadOf): string {
  const matching = insteadOf.filter(([, prefix]) => url.startsWith(prefix))
  const [found] = matching.sort(([, a], [, b]) => b.length - a.length)
  return found ? found[0] + url.slice(found[1].length) : url
}
