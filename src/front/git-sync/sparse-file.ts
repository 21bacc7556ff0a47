// A sparse-checkout file as git takes it that was told of no mode: as cones, where all lines have their
// form. https://git-scm.com/docs/git-sparse-checkout#_internals_cone_pattern_set

/** Directories, with a slash before and none behind. */
interface Cones {
  isAll: boolean
  /** Whose own files are wanted. */
  parents: Set<string>
  /** Below which everything is wanted. */
  whole: Set<string>
}

const DIRECTORY = /^\/(?:[^*?[\\]|\\[*?[\\])+\/$/

/** The lines of a file, a byte string, as patterns of which the last that matches counts. */
export function sparsePatterns(text: string): string[] {
  const lines = text
    .split('\n')
    .map((line) => line.replace(/\r$/, '').replace(/(?<!\\) +$/, ''))
    .filter((line) => line !== '' && !line.startsWith('#'))
  const cones = readCones(lines)
  if (!cones) return lines
  return cones.isAll ? ['/*'] : ['/*', '!/*/', ...patternsOf(cones)]
}

/** Undefined where a line is that of no cone. */
function readCones(lines: readonly string[]): Cones | undefined {
  const cones: Cones = { isAll: false, parents: new Set(), whole: new Set() }
  const { parents, whole } = cones
  for (const line of lines) {
    const [, above = ''] = /^!(\/.+\/)\*\/$/.exec(line) ?? []
    const directory = (above || line).slice(0, -1)
    if (line === '/*' || line === '!/*/') cones.isAll = line === '/*'
    // A cone by its form, and none that has a name.
    else if (line === '/*/') continue
    else if (!DIRECTORY.test(above || line)) return undefined
    else if (above === '') {
      if (parents.has(directory)) return undefined
      whole.add(directory)
    } else if (whole.delete(directory)) parents.add(directory)
    else return undefined
  }
  return cones
}

/** Git goes into directories at the top, and into those in a parent: what lies elsewhere is not found. */
function patternsOf({ parents, whole }: Cones): string[] {
  const isEntered = (directory: string): boolean => {
    const above = directory.slice(0, directory.lastIndexOf('/'))
    return above === '' || (parents.has(above) && isEntered(above))
  }
  const isFound = (directory: string) => {
    const above = directory.slice(0, directory.lastIndexOf('/'))
    return above === '' || isEntered(above)
  }
  return [...parents, ...whole].sort().flatMap((directory) => {
    if (parents.has(directory))
      return isEntered(directory) ? [`${directory}/`, `!${directory}/*/`] : []
    return isFound(directory) ? [`${directory}/`] : []
  })
}
