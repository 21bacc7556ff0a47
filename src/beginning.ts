// What a run begins with, before it loads the rest.
import { createEndProcess, type EndProcess } from './end-process.js'

/** What has begun. */
export interface Beginning {
  endProcess: EndProcess
}

/** Begins a run. Node 20 aborts where a thread is ended that is still being loaded: none starts yet. */
export function begin(): Beginning {
  return { endProcess: createEndProcess() }
}
