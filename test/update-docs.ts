// `npm run docs`: writes the generated parts of the documents anew.
import { readFileSync, writeFileSync } from 'node:fs'
import { DOCUMENTS, withParts } from './helpers/documents.js'

for (const [file, parts] of Object.entries(DOCUMENTS)) {
  writeFileSync(file, withParts(readFileSync(file, 'utf8'), parts))
}
