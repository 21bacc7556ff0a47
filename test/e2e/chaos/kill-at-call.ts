// Loaded before the program in each of its threads: once an order is there, the process is killed at a call of the file
// system that the order names, and leaves word of it. So what a kill struck is known, and not guessed.
import fs from 'node:fs'
import path from 'node:path'
import { closeGate } from '../../helpers/fs-faults.js'

/** At which call a process is killed. */
export interface KillOrder {
  /** The source of a regular expression that one of its paths matches, from the root on. */
  paths: string
  /** So many such calls of a thread come before. */
  count: number
  /** Whether it is killed when the call is over, before the next one. */
  isAfter: boolean
}

/** The environment variable of the directory for the files below. */
export const KILL_DIR = 'CHAOS_KILL_DIR'
export const ORDER = 'order.json'
/** Is there once a process was killed by an order. */
export const WORD = 'word'

const directory = process.env[KILL_DIR]
if (directory !== undefined) standBefore(directory)

function standBefore(directory: string): void {
  const orderFile = path.join(directory, ORDER)
  let order: KillOrder | undefined
  let pattern = /(?!)/
  let seen = 0
  let isDue = false
  closeGate(({ isChange, name, paths }) => {
    if (!isChange) return
    if (!order) {
      if (!fs.existsSync(orderFile)) return
      order = JSON.parse(fs.readFileSync(orderFile, 'utf8')) as KillOrder
      pattern = new RegExp(order.paths)
    }
    if (!isDue) {
      if (!paths.some((each) => pattern.test(each))) return
      isDue = seen++ === order.count
      if (!isDue || order.isAfter) return
    }
    fs.writeFileSync(path.join(directory, WORD), `${name} ${paths.join(' ')}`)
    process.kill(process.pid, 'SIGKILL')
  })
}
