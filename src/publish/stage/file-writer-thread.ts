// The thread of a FileWriter: writes batches until it is told to end.
import { lstatSync } from 'node:fs'
import { parentPort, workerData } from 'node:worker_threads'
import { toFsPath } from '../../volume/byte-path.js'
import { writeNewFile } from '../../volume/volume.js'
import { STAT_FIELDS, statFields } from '../snapshot/snapshot.js'
import { BATCH, type FileBatch } from './file-batch.js'

// Who waits for a batch receives no event, and must not wait for a thread that died.
process.on('exit', () => Atomics.store(workerData as Int32Array, 0, 1))

parentPort?.on('message', (batch: FileBatch | undefined) => {
  if (batch) writeBatch(batch)
  else parentPort?.close()
})

function writeBatch(batch: FileBatch): void {
  const { state } = batch
  try {
    writeFiles(batch)
    Atomics.store(state, 0, BATCH.done)
  } catch (error) {
    encodeError(error, batch)
    Atomics.store(state, 0, BATCH.failed)
  }
  Atomics.notify(state, 0)
}

function writeFiles({ files, stats, bytes }: FileBatch): void {
  let position = 0
  for (const [index, { target, permissions, length }] of files.entries()) {
    writeNewFile(target, permissions, bytes.subarray(position, position + length))
    stats.set(statFields(lstatSync(toFsPath(target))), index * STAT_FIELDS)
    position += length
  }
}

function encodeError(error: unknown, { bytes, state }: FileBatch): void {
  const { message, code, syscall, path } = error as NodeJS.ErrnoException
  const said = { message: message.slice(0, 1000), code, syscall, path }
  const text = Buffer.from(JSON.stringify(said))
  bytes.set(text.subarray(0, bytes.length))
  Atomics.store(state, 1, Math.min(text.length, bytes.length))
}
