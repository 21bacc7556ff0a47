// How schemas are compiled: where they are needed, or beforehand, for what is bundled.
import type { Options } from 'ajv'

/** Options of the compiler. */
export const SCHEMA_OPTIONS = {
  allErrors: true,
  verbose: true,
  allowUnionTypes: true,
  // Schemas are this program's own, and their tests hold them against the meta-schema: to compile
  // that costs as much as the schema itself.
  meta: false,
  validateSchema: false,
} satisfies Options
