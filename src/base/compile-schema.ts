// The compiler of schemas. The bundle has in its place what it makes of the schemas that there are.
import { Ajv, type ValidateFunction } from 'ajv'
import { SCHEMA_OPTIONS } from './schema-options.js'

/** Compiles a schema, which has an `$id`, of a T. */
export function compileSchema<T>(schema: object): ValidateFunction<T> {
  return new Ajv(SCHEMA_OPTIONS).compile<T>(schema)
}
