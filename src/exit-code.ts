// The exit codes, the same for every command.

/** What scripts and Kubernetes see. */
export const EXIT = { clean: 0, failed: 1, invalid: 2 } as const
