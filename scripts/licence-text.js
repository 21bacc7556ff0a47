// The licence of a package that names it in its package.json, and has no file of it.
import { readFileSync } from 'node:fs'

const MIT = `Permission is hereby granted, free of charge, to any person obtaining a copy of this software and
associated documentation files (the "Software"), to deal in the Software without restriction, including
without limitation the rights to use, copy, modify, merge, publish, distribute, sublicense, and/or sell
copies of the Software, and to permit persons to whom the Software is furnished to do so, subject to the
following conditions:

The above copyright notice and this permission notice shall be included in all copies or substantial
portions of the Software.

THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR IMPLIED, INCLUDING BUT NOT
LIMITED TO THE WARRANTIES OF MERCHANTABILITY, FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO
EVENT SHALL THE AUTHORS OR COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER LIABILITY, WHETHER
IN AN ACTION OF CONTRACT, TORT OR OTHERWISE, ARISING FROM, OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE
USE OR OTHER DEALINGS IN THE SOFTWARE.
`

/** By the names that package.json has for them. */
const LICENCES = {
  MIT: () => `The MIT License\n\n${MIT}`,
  // This program's own.
  'Apache-2.0': () => readFileSync('LICENSE', 'utf8'),
}

/** The text for a package, with its author; throws where the licence is another one. */
export function licenceText({ author, license, name }) {
  if (!Object.hasOwn(LICENCES, license)) throw new Error(`${name} has no file of its licence`)
  const holder = author?.name ?? author ?? `the authors of ${name}`
  return `Copyright (c) ${holder}\n\n${LICENCES[license]()}`
}
