// What a pool loads in each of its threads, by `require`: of an ES module that is loaded that way, Node 20
// aborts the process where the thread is ended meanwhile. So the file of the jobs is imported.
import threads = require('node:worker_threads')

/** One job, as the pool gives it to a thread. */
interface NamedJob {
  name: string
  job: object
}

type Run = (job: object) => Promise<unknown>

export = import(threads.workerData.entry).then(
  (jobs: Readonly<Record<string, Run>>) =>
    ({ job, name }: NamedJob) =>
      (jobs[name] as Run)(job),
)
