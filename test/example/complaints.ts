// What tools say that are no part of this project.
import { spawnSync } from 'node:child_process'

/** Runs a program to its end; what it said, where it ends with another code than 0. */
export function complaintsOf(program: string, args: readonly string[]): string {
  const { error, status, stdout, stderr } = spawnSync(program, args, { encoding: 'utf8' })
  if (error) throw error
  return status === 0 ? '' : `${stdout}${stderr}`
}
