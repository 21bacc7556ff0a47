// Patterns of names, as files of SSH have them. https://man.openbsd.org/ssh_config#PATTERNS

/** Whether one of `patterns`, with commas between them, means `name`, and none that begins with `!` does. */
export function matchesPatternList(patterns: string, name: string): boolean {
  const matched = patterns
    .split(',')
    .filter((pattern) => matchesPattern(pattern.replace(/^!/, ''), name))
  return matched.length > 0 && !matched.some((pattern) => pattern.startsWith('!'))
}

/** `*` stands for any characters, `?` for one. Takes time linear in each of them. */
export function matchesPattern(pattern: string, name: string): boolean {
  let [at, from, star, resume] = [0, 0, -1, 0]
  while (from < name.length) {
    if (pattern[at] === '*') {
      star = at++
      resume = from
    } else if (at < pattern.length && (pattern[at] === '?' || pattern[at] === name[from])) {
      at++
      from++
    } else if (star >= 0) {
      at = star + 1
      from = ++resume
    } else return false
  }
  return /^\**$/.test(pattern.slice(at))
}
