// Which source file imports which, read from the import specifiers.
import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'

/** Each file's imports; all paths are relative to the source folder, with `/`. */
export type ImportGraph = Map<string, string[]>

const SPECIFIER =
  /(?:^|[\s;])(?:import|export)\b(?:[\w\s{},*$]*\bfrom)?\s*['"](\.{1,2}\/[^'"]+)['"]|\b(?:import|new URL)\(\s*['"](\.{1,2}\/[^'"]+)['"]/g

/** Relative specifiers in `source`: imports, re-exports, dynamic imports and worker URLs. */
export function importSpecifiers(source: string): string[] {
  return [...source.matchAll(SPECIFIER)].map(([, named, called]) => (named ?? called) as string)
}

/** Reads the imports of every `*.ts` below `folder`. */
export function readImportGraph(folder: string): ImportGraph {
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((file) => file.split(path.sep).join('/'))
    .filter((file) => file.endsWith('.ts'))
    .sort()
  return new Map(files.map((file) => [file, importsOf(path.join(folder, file), file)]))
}

function importsOf(absolutePath: string, file: string): string[] {
  return importSpecifiers(readFileSync(absolutePath, 'utf8')).map((specifier) =>
    path.posix.join(path.posix.dirname(file), specifier).replace(/\.js$/, '.ts'),
  )
}

/** The processes, which nothing imports. */
const PROGRAMS = ['main.ts', 'git-sync.ts']

/** The first folder of a file's path; for a file in none, `programs` or `root`. */
export function layerOf(file: string): string {
  if (file.includes('/')) return file.split('/')[0] as string
  return PROGRAMS.includes(file) ? 'programs' : 'root'
}

/** Every import of a layer that comes later in `order`, and every file outside of `order`. */
export function findOrderFaults(graph: ImportGraph, order: readonly string[]): string[] {
  return [...graph].flatMap(([file, imports]) => {
    const rank = order.indexOf(layerOf(file))
    if (rank < 0) return [`${file} is in no known folder`]
    return imports
      .filter((imported) => !order.slice(0, rank + 1).includes(layerOf(imported)))
      .map((imported) => `${file} imports ${imported}`)
  })
}

/** Every import cycle that a walk from file to file comes upon, as `a → b → a`. */
export function findCycles(graph: ImportGraph): string[] {
  const cycles: string[] = []
  const done = new Set<string>()
  const visit = (file: string, trail: readonly string[]): void => {
    const start = trail.indexOf(file)
    if (start >= 0) cycles.push([...trail.slice(start), file].join(' → '))
    if (start >= 0 || done.has(file)) return
    for (const imported of graph.get(file) ?? []) visit(imported, [...trail, file])
    done.add(file)
  }
  for (const file of graph.keys()) visit(file, [])
  return cycles
}
