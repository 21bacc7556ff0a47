// Which test files share a process, and in which order the processes start.
import { mkdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'

/** Folders whose files share a process: none of them changes what is of a whole process. */
const SHARED: readonly string[] = ['sync/', 'git/', 'base/', 'listing/', 'schedule/', 'observe/']

/** Where the longest are, which come first, so that at the end no core is idle. */
const LONGEST: readonly string[] = [
  'image/',
  'e2e/',
  'front/',
  'publish/interruption',
  'publish/symlink/',
  'publish/attributes',
  'server/page/',
  'worker/',
  'example/',
  'remote/',
  'transport/ssh/',
  'publish/',
  'pack/',
]

/** What runs in one process each: files, and modules that import those of a shared folder. */
export function processesOf(directory: string, files: readonly string[]): string[] {
  const below = (file: string) => path.relative(directory, file)
  const placeOf = (file: string) => {
    const place = LONGEST.findIndex((folder) => below(file).startsWith(folder))
    return place < 0 ? LONGEST.length : place
  }
  const folderOf = (file: string) => SHARED.find((folder) => below(file).startsWith(folder))
  const shared = SHARED.map((folder) => files.filter((file) => folderOf(file) === folder))
  const alone = files.filter((file) => folderOf(file) === undefined)
  return [
    ...shared.filter(({ length }) => length > 0).map((each) => writeShared(directory, each)),
    ...alone.toSorted((one, other) => placeOf(one) - placeOf(other)),
  ]
}

/** Writes a module in which each file is a suite of its own, as its hooks are its own. */
function writeShared(directory: string, files: readonly string[]): string {
  const folder = path.join(directory, 'shared')
  mkdirSync(folder, { recursive: true })
  const [name = ''] = path.relative(directory, files[0] ?? '').split(path.sep)
  const module = path.join(folder, `${name}.js`)
  const lines = files.map((file) => {
    const quoted = JSON.stringify(file)
    return `describe(${quoted}, () => import(${quoted}))\n`
  })
  writeFileSync(module, `import { describe } from 'node:test'\n${lines.join('')}`)
  return module
}
