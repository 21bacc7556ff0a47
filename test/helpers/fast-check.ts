// fast-check, with the same values of each property in each run of the tests, so that what a run
// says of a commit is about that commit. With SWEEPS=whole, as in `npm run sweeps`, they are
// others each time. What fails names its seed and path, which fc.assert takes.
import fc from 'fast-check'
import { IS_WHOLE } from './sweep.js'

export { default } from 'fast-check'

if (!IS_WHOLE) fc.configureGlobal({ ...fc.readConfigureGlobal(), seed: 20240101 })
