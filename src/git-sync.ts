#!/usr/bin/env node
// git-autosync with the command line of git-sync. https://github.com/kubernetes/git-sync
import './debug-signal.js'
import { main } from './front/git-sync/main.js'

for (const stream of [process.stdout, process.stderr]) {
  // Whoever reads it may go away.
  stream.on('error', () => undefined)
}
process.exitCode = await main(process.argv.slice(2), process.env)
