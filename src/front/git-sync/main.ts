// From the command line and the environment of git-sync to what it is asked for.
import path from 'node:path'
import { readFlags, UsageError } from './command-line.js'
import { findMistyped } from './mistyped.js'
import { MAX_CONCURRENT_SYNCS, resolveOptions } from './options.js'
import { ErrorFile } from './signs.js'
import { rootOfVersion3 } from './start.js'

/** Runs git-sync; returns the exit code of what ends at once. */
export async function main(
  argv: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): Promise<number | undefined> {
  const onFault = (error: unknown) => warn(`--error-file: ${(error as Error).message}`)
  let errorFile = new ErrorFile('', [], onFault)
  try {
    const read = readFlags(argv, env, warn)
    const { values } = read
    if (values.help || values.man) {
      const { manualText, usageText } = await import('./help.js')
      process.stdout.write(values.man ? manualText() : usageText())
      return 0
    }
    if (values.version) {
      process.stdout.write(`${(await import('../../version.js')).readBuild().version}\n`)
      return 0
    }
    const root = path.resolve(values.root)
    errorFile = new ErrorFile(
      values.errorFile && path.resolve(root, values.errorFile),
      values.root ? [root] : [],
      onFault,
    )
    for (const warning of findMistyped(env)) warn(warning)
    const isOfImage = !read.isGiven.has('root') && env['GIT_SYNC_ROOT'] === undefined
    const earlier = isOfImage ? rootOfVersion3(values) : undefined
    if (earlier !== undefined) {
      warn(
        `nothing is mounted at /git, but at ${earlier}, where version 3 had its root: it is used; set --root`,
      )
      values.root = earlier
    }
    const options = resolveOptions(read, process.cwd(), warn)
    const begun = (await import('../../beginning.js')).begin(MAX_CONCURRENT_SYNCS)
    const { run } = await import('./run.js')
    await run(options, env, warn, begun)
    return undefined
  } catch (error) {
    if (!(error instanceof UsageError)) throw error
    const { exitCode, isUsageShown, message } = error
    const usage = isUsageShown ? `${(await import('./help.js')).usageText()}${message}\n` : ''
    process.stderr.write(`${message}\n${usage}`)
    if (exitCode === 1) errorFile.write(message)
    return exitCode
  }
}

function warn(message: string): void {
  process.stderr.write(`${message}\n`)
}
