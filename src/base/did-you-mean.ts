// Finds the name somebody probably meant.

/** The candidate at most so many letters away from `name`, or a third of its own; or undefined. */
export function nearest(
  name: string,
  candidates: readonly string[],
  limit = Math.max(1, Math.floor(name.length / 3)),
): string | undefined {
  const ranked = candidates
    .map((candidate) => ({ candidate, distance: editDistance(name, candidate, limit) }))
    .sort((a, b) => a.distance - b.distance)
  const [best] = ranked
  return best && best.distance <= limit ? best.candidate : undefined
}

/** ` (did you mean "…"?)`, or nothing where no candidate is near. */
export function suggestion(name: string, candidates: readonly string[]): string {
  const found = nearest(name, candidates)
  return found === undefined ? '' : ` (did you mean "${found}"?)`
}

/**
 * Insertions, deletions, replacements and swaps of neighbours, ignoring case and `-` or `_`; infinity where
 * there are more than `limit`, which is mostly seen by the first letters.
 */
function editDistance(left: string, right: string, limit: number): number {
  const a = fold(left)
  const b = fold(right)
  if (Math.abs(a.length - b.length) > limit) return Number.POSITIVE_INFINITY
  let beforePrevious: number[] = []
  let previous = Array.from({ length: b.length + 1 }, (_, column) => column)
  for (let row = 1; row <= a.length; row++) {
    const current = [row]
    for (let column = 1; column <= b.length; column++) {
      const replaced = previous[column - 1]! + (a[row - 1] === b[column - 1] ? 0 : 1)
      let best = Math.min(replaced, previous[column]! + 1, current[column - 1]! + 1)
      if (a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1]) {
        best = Math.min(best, (beforePrevious[column - 2] ?? best) + 1)
      }
      current.push(best)
    }
    // The next row grows from these two alone.
    if (Math.min(...previous, ...current) > limit) return Number.POSITIVE_INFINITY
    beforePrevious = previous
    previous = current
  }
  return previous[b.length]!
}

function fold(name: string): string {
  return name.toLowerCase().replace(/[-_]/g, '')
}
