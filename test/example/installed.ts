// Tools that are no part of this project: what they check runs wherever they are installed.
import { spawnSync } from 'node:child_process'
import { accessSync, constants } from 'node:fs'
import path from 'node:path'

/** Whether a program is in one of the folders. @default PATH */
export function isInstalled(program: string, folders = process.env['PATH'] ?? ''): boolean {
  return folders.split(path.delimiter).some((folder) => {
    try {
      accessSync(path.join(folder, program), constants.X_OK)
      return true
    } catch {
      return false
    }
  })
}

/** Runs a program to its end; what it said, where it ends with another code than 0. */
export function complaintsOf(program: string, args: readonly string[]): string {
  const { error, status, stdout, stderr } = spawnSync(program, args, { encoding: 'utf8' })
  if (error) throw error
  return status === 0 ? '' : `${stdout}${stderr}`
}
