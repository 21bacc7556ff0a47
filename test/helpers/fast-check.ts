// fast-check, by the seed of the run. What fails names it, and its path, which fc.assert takes.
import fc from 'fast-check'
import { SEED } from './seed.js'

export { default } from 'fast-check'

fc.configureGlobal({ ...fc.readConfigureGlobal(), seed: SEED })
