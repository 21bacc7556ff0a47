// `npm run docs`: writes the tables of the README anew.
import { readFileSync, writeFileSync } from 'node:fs'
import { withTables } from './helpers/readme-tables.js'

const README = 'README.md'

writeFileSync(README, withTables(readFileSync(README, 'utf8')))
