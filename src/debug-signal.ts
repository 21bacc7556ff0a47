// By itself, Node opens its debugger to everybody on this host at SIGUSR1. To be imported first.
import os from 'node:os'

const SIGNAL = 'SIGUSR1'

// As of any program that knows no such signal; whoever listens, too, decides.
process.on(SIGNAL, () => {
  if (process.listenerCount(SIGNAL) === 1) process.exit(128 + os.constants.signals[SIGNAL])
})
