// Loaded before each test file by run.ts: properties are tried with the same values in each run, so
// that what a run says of a commit is about that commit. With SWEEPS=whole, as in `npm run sweeps`,
// and where a file is run by itself, they are others each time. What fails names its seed and path,
// which fc.assert takes.
import fc from 'fast-check'
import { IS_WHOLE } from './sweep.js'

if (!IS_WHOLE) fc.configureGlobal({ ...fc.readConfigureGlobal(), seed: 20240101 })
