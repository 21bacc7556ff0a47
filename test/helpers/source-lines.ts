// Places in compiled files as places in their sources. Test processes run without source maps, which
// to read takes a third of the time that a module takes to load.
import { existsSync, readFileSync } from 'node:fs'
import { SourceMap } from 'node:module'
import path from 'node:path'

const PLACE = /(?:file:\/\/)?(\/[^\s():]+\.js):(\d+):(\d+)/g

/** Returns `text` with each place of a file that has a map beside it as the place in its source. */
export function withSourceLines(text: string): string {
  return text.replace(PLACE, (place, file: string, line: string, column: string) => {
    if (!existsSync(`${file}.map`)) return place
    const map = new SourceMap(JSON.parse(readFileSync(`${file}.map`, 'utf8')))
    const entry = map.findEntry(Number(line) - 1, Number(column) - 1)
    if (!('originalSource' in entry)) return place
    const source = path.resolve(path.dirname(file), entry.originalSource)
    return `${source}:${entry.originalLine + 1}:${entry.originalColumn + 1}`
  })
}
