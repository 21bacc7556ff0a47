// The private keys to log in with, read anew at each connection attempt.
import type { ParsedKey } from 'ssh2'
import { errnoOf } from '../../base/errno.js'
import { type NamedFile, showFile } from '../../base/file-name.js'
import { readFault } from '../../base/regular-file.js'
import { runInThread } from '../../thread/run.js'
import { readCredentialFile } from '../secret-file.js'
import type { DecryptAnswer, DecryptTask } from './decrypt-worker.js'
import { isSlowToParse, PrivateKeyError, parsePrivateKey } from './private-key.js'

/** A key, and the file that it is in. */
export interface SshKey {
  name: string
  key: ParsedKey
}

/**
 * Reads a key, or says what is wrong: the end of a sentence about its file, which begins with
 * `name`. Gives undefined where there is no such file.
 */
export async function readKeyFile(
  named: NamedFile,
  passphrase: string | undefined,
): Promise<SshKey | { name: string; fault: string } | undefined> {
  try {
    return { name: named.file, key: await parse(await readCredentialFile(named.file), passphrase) }
  } catch (error) {
    if (error instanceof PrivateKeyError) return { name: named.file, fault: error.message }
    const code = errnoOf(error)
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined
    if (code === '') throw error
    return { name: showFile(named), fault: readFault(error, code) }
  }
}

async function parse(text: string, passphrase: string | undefined): Promise<ParsedKey> {
  const isSlow = passphrase !== undefined && isSlowToParse(text)
  return isSlow
    ? parsePrivateKey(await decryptInWorker({ text, passphrase }), undefined)
    : parsePrivateKey(text, passphrase)
}

/** Returns the key in PEM. */
async function decryptInWorker(task: DecryptTask): Promise<string> {
  const entry = new URL('./decrypt-worker.js', import.meta.url)
  const answer = await runInThread<DecryptAnswer>(entry, task)
  if ('fault' in answer) throw new PrivateKeyError(answer.fault)
  return answer.pem
}
