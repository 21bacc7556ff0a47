// The worker thread that decrypts one private key, which takes long by design.
import { serve } from '../../thread/run.js'
import { PrivateKeyError, parsePrivateKey } from './private-key.js'

/** What the thread is given. */
export interface DecryptTask {
  text: string
  passphrase: string | undefined
}

/** The key in PEM, without encryption; or what is wrong with it. */
export type DecryptAnswer = { pem: string } | { fault: string }

await serve(({ text, passphrase }: DecryptTask): DecryptAnswer => {
  try {
    return { pem: parsePrivateKey(text, passphrase).getPrivatePEM() }
  } catch (error) {
    if (error instanceof PrivateKeyError) return { fault: error.message }
    throw error
  }
})
