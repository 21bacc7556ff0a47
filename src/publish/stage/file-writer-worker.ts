// The thread that a FileWriter shares its work with: it writes batches that are ready, until it is
// told to end.
import { workerData } from 'node:worker_threads'
import { Volume } from '../../volume/volume.js'
import { statFields } from '../snapshot/snapshot.js'
import { CONTROL, FileBatch, PHASE, type WriterTask } from './file-batch.js'

const { base, batches: shared, control, realBase } = workerData as WriterTask

// Who waits for a batch receives no event, and must not wait for a thread that is gone.
process.on('exit', () => Atomics.store(control, CONTROL.ended, 1))

const volume = new Volume(base)
const batches = shared.map((each) => new FileBatch(each))
// Where a symlink on the way leads elsewhere by now, the files are left to whoever gave them.
while (volume.realBase === realBase) {
  const calls = Atomics.load(control, CONTROL.calls)
  if (Atomics.load(control, CONTROL.isClosed) === 1) break
  const batch = batches.find((each) => each.take())
  if (batch) write(batch)
  else Atomics.wait(control, CONTROL.calls, calls)
}
volume.close()

function write(batch: FileBatch): void {
  let index = 0
  try {
    volume.naming(() => {
      for (const { path, permissions, body } of batch.files()) {
        if (Atomics.load(control, CONTROL.isClosed) === 1) break
        batch.setStatus(index, statFields(volume.writeNew(path, permissions, [body])))
        index++
      }
    })
    batch.phase = PHASE.written
  } catch (error) {
    batch.fail(index, error)
  }
}
