// Counts the files that a function enters, as test/helpers/reach.ts says; without arguments, those of the
// beginning of a publication, in each mode.
//
//   node build/test/reach.js [CHECKOUT FOLDER FILE NAME [WITHOUT …]]
import { filesEntered } from './helpers/reach.js'

const [
  checkout = '.',
  folder = 'src/publish',
  file = 'publication.ts',
  name = 'begin',
  ...without
] = process.argv.slice(2)
const modes = process.argv.length > 2 ? [without] : [['symlink'], ['directory']]
for (const [at, found] of filesEntered({ checkout, folder, file, name }, modes).entries()) {
  for (const [entered, by] of [...found].sort()) console.log(`${entered}\t${by}`)
  console.log(`${found.size} files of ${folder} without ${modes[at]?.join(', ') || 'nothing'}`)
}
