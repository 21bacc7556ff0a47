// Which test files share a process, and in which order the processes start.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'

/**
 * Folders whose files share a process, each file with the first that it lies in: to load modules,
 * and to have them compiled, takes longer than most files do. What a test there changes of the
 * whole process it gives back at its end.
 */
const SHARED: readonly string[] = [
  'publish/symlink/',
  'publish/history/',
  'publish/tree/',
  'publish/',
  'remote/disk/',
  'remote/',
  'transport/ssh/',
  'transport/',
  'front/git-autosync/',
  'front/git-sync/',
  'worker/',
  'sync/',
  'pack/',
  'git/',
  'signature/',
  'server/webhooks/',
  'server/',
  'credentials/',
  'hooks/',
  'listing/',
  'base/',
  'volume/',
  'schedule/',
  'observe/',
  'lfs/',
  'thread/',
  'helpers/',
]

/** What takes so long that others had to wait for it in one process. */
const LONG: readonly string[] = [
  'publish/interruption.test.js',
  'publish/attributes.test.js',
  'publish/symlink/standby',
  'publish/update/',
  'worker/hostile-packs.test.js',
  'transport/ssh/connection.test.js',
  'sync/full-volume.test.js',
  'sync/attributes.test.js',
  'git/submodules.test.js',
  'pack/pack-reader.test.js',
  'credentials/ssh/',
  'front/git-sync/disk.test.js',
  'front/git-sync/hooks.test.js',
  'front/git-sync/manifests.test.js',
  'front/git-sync/process.test.js',
  'front/git-sync/shared-root.test.js',
  'server/page/page.test.js',
]

/** What a test calls that measures its process, which it has for itself, therefore. */
const MEASURES = /\b(?:resourceUsage|memoryUsage)\b/

/** Where the longest are, which come first, so that at the end no core is idle. */
const LONGEST: readonly string[] = [
  'image/',
  'server/page/',
  'e2e/',
  'front/',
  ...LONG,
  'worker/',
  'publish/',
  'example/',
  'remote/',
  'signature/',
  'git/',
  'sync/',
  'transport/ssh/',
  'pack/',
]

/** What runs in one process each: modules that import some of `files`, which are below `directory`. */
export function processesOf(directory: string, files: readonly string[]): string[] {
  const below = (file: string) => path.relative(directory, file)
  const placeOf = (file: string) => {
    const place = LONGEST.findIndex((start) => below(file).startsWith(start))
    return place < 0 ? LONGEST.length : place
  }
  const isAlone = (file: string) =>
    LONG.some((start) => below(file).startsWith(start)) || MEASURES.test(readFileSync(file, 'utf8'))
  const groups = new Map<string, string[]>()
  for (const file of files) {
    const folder = SHARED.find((each) => below(file).startsWith(each))
    const name = folder === undefined || isAlone(file) ? below(file) : folder
    groups.set(name, [...(groups.get(name) ?? []), file])
  }
  // Of this run alone: another may be under way.
  const folder = mkdtempSync(path.join(directory, 'processes-'))
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }))
  return [...groups]
    .toSorted(([, [one = '']], [, [other = '']]) => placeOf(one) - placeOf(other))
    .map(([name, each]) => {
      const module = path.join(
        folder,
        `${name.replace(/\/$|\.test\.js$/, '').replaceAll('/', '-')}.js`,
      )
      writeFileSync(module, textOf(each))
      return module
    })
}

/** Each file is a suite of its own, as its hooks are its own. */
function textOf(files: readonly string[]): string {
  const lines = files.map((file) => {
    const quoted = JSON.stringify(file)
    return `describe(${quoted}, () => import(${quoted}))\n`
  })
  return `import { describe } from 'node:test'
import { recordProcessorTime } from '../helpers/processor-time.js'
recordProcessorTime(import.meta.filename)
${lines.join('')}`
}
