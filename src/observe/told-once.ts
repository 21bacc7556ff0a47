// What is found again at each look is told once.

/** So many are remembered; others put there as many as they like. */
const MAX_TOLD = 1000

/** Tells of what is set aside, but of what stays of others the first time only. */
export function tellOnce<T extends { kind: string; path: string }>(
  tell: (found: T) => void,
): (found: T) => void {
  const told = new Set<string>()
  return (found) => {
    if (found.kind === 'foreign') {
      if (told.has(found.path)) return
      if (told.size === MAX_TOLD) told.clear()
      told.add(found.path)
    }
    tell(found)
  }
}
