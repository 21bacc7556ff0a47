// A reader of a published directory, as a process of its own: prints each new version that
// it sees in a file, with the time in milliseconds at which it saw it.
import { readFileSync } from 'node:fs'

const INTERVAL_MS = 20

const [file = ''] = process.argv.slice(2)
let seen = ''
setInterval(() => {
  const version = read()
  if (version === seen || version === '') return
  seen = version
  process.stdout.write(`${version} ${Date.now()}\n`)
}, INTERVAL_MS)

function read(): string {
  try {
    return readFileSync(file, 'utf8').trim()
  } catch {
    // Not published yet.
    return ''
  }
}
