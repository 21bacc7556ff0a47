// In the bundle, the schemas are compiled already: of their compiler, what it made of them is left.
// https://ajv.js.org/standalone.html
import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { Ajv } from 'ajv'
import standaloneCode from 'ajv/dist/standalone/index.js'
import { transformSync } from 'esbuild'

/** A module that exports what src/base/compile-schema.ts does, for the schemas of src alone. */
export async function compiledSchemas() {
  const schemas = readdirSync('src', { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.schema.json'))
    .map((file) => JSON.parse(readFileSync(path.join('src', file), 'utf8')))
  const ajv = new Ajv({ ...(await schemaOptions()), code: { source: true, esm: true }, schemas })
  const ids = Object.fromEntries(schemas.map(({ $id }, index) => [`schema_${index}_check`, $id]))
  const cases = Object.entries(ids).map(([name, id]) => `${JSON.stringify(id)}: ${name}`)
  return `${standaloneCode.default(ajv, ids)}
const compiled = { ${cases.join()} }
export function compileSchema({ $id }) {
  if (!Object.hasOwn(compiled, $id)) throw new Error(\`no schema of src is \${$id}\`)
  return compiled[$id]
}`
}

async function schemaOptions() {
  const source = readFileSync('src/base/schema-options.ts', 'utf8')
  const { code } = transformSync(source, { loader: 'ts', format: 'esm' })
  return (await import(`data:text/javascript,${encodeURIComponent(code)}`)).SCHEMA_OPTIONS
}
