// The attributes files that count for a directory, and what they make of its files. Where no
// directory has such a file, a look costs nothing.
import {
  type AttributeLine,
  type AttributeState,
  type AttributeValue,
  parseAttributes,
} from './attribute-file.js'
import {
  CONVERSION_ATTRIBUTES,
  type Conversion,
  conversionOf,
  NO_CONVERSION,
} from './conversion.js'
import { compilePathPattern, type PathMatcher } from './path-pattern.js'

/**
 * The name of an attributes file. Of a symlink, a fresh clone by git takes the target for the
 * content; a directory by that name means nothing.
 */
export const ATTRIBUTES_FILE = '.gitattributes'

/** A rule may take tens of milliseconds at a path, and most take nearly nothing. */
const RULES_BETWEEN_CHECKS = 32

interface Rule {
  isMeant: PathMatcher
  states: readonly AttributeState[]
}

/** The lines of one attributes file that can matter, the last one first. */
interface Level {
  /** How many characters of a path come before those that its patterns see. */
  skip: number
  rules: readonly Rule[]
}

/** What the attributes files of a whole tree share. */
interface Shared {
  /** Only the file at the root defines any. */
  macros: ReadonlyMap<string, readonly AttributeState[]>
  /** Whether the filter of Git LFS is known. */
  lfs: boolean
  checkpoint: () => void
  /** One value for each set of attributes that was met. */
  conversions: Map<string, Conversion>
}

/** The attributes of a directory and of those above it; it never changes. */
export class AttributeStack {
  readonly #shared: Shared
  /** Those of the directory itself first. */
  readonly #levels: readonly Level[]

  private constructor(shared: Shared, levels: readonly Level[]) {
    this.#shared = shared
    this.#levels = levels
  }

  /**
   * The stack of a repository's root, which is at `directory`, given the content of its attributes
   * file, and whether LFS is known. `checkpoint` throws when the work is to be given up: each look
   * may take seconds, as patterns and paths can be long.
   */
  static atRoot(
    body: Buffer | undefined,
    { directory = '', lfs = false, checkpoint = () => {} } = {},
  ): AttributeStack {
    const lines = body ? parseAttributes(body) : []
    const macros = new Map<string, AttributeState[]>([['binary', [{ name: 'text', value: false }]]])
    for (const { isMacro, subject, states } of lines) if (isMacro) macros.set(subject, states)
    const root = new AttributeStack({ macros, lfs, checkpoint, conversions: new Map() }, [])
    return root.#with(directory, lines)
  }

  /** The stack of a directory, by its byte path, given the content of its attributes file. */
  enter(directory: string, body: Buffer | undefined): AttributeStack {
    return body ? this.#with(directory, parseAttributes(body)) : this
  }

  /** What a checkout does with a file, by its byte path, that lies in this stack's directory. */
  conversionOf(path: string): Conversion {
    if (this.#levels.length === 0) return NO_CONVERSION
    const values = this.#valuesOf(path)
    if (values.size === 0) return NO_CONVERSION
    const key = JSON.stringify(CONVERSION_ATTRIBUTES.map((name) => values.get(name) ?? null))
    const known = this.#shared.conversions.get(key)
    if (known) return known
    const conversion = conversionOf(values, this.#shared.lfs)
    this.#shared.conversions.set(key, conversion)
    return conversion
  }

  #with(directory: string, lines: readonly AttributeLine[]): AttributeStack {
    const rules = lines.flatMap((line) => this.#ruleOf(line) ?? []).reverse()
    if (rules.length === 0) return this
    const skip = directory === '' ? 0 : directory.length + 1
    return new AttributeStack(this.#shared, [{ skip, rules }, ...this.#levels])
  }

  #ruleOf({ isMacro, subject, states }: AttributeLine): Rule | undefined {
    const relevant = states.filter(
      ({ name }) => CONVERSION_ATTRIBUTES.some((own) => own === name) || this.#macros.has(name),
    )
    if (isMacro || relevant.length === 0) return undefined
    return { isMeant: compilePathPattern(subject), states: relevant }
  }

  get #macros(): Shared['macros'] {
    return this.#shared.macros
  }

  /** The first value that is met counts, from the deepest file's last line upwards. */
  #valuesOf(path: string): Map<string, AttributeValue> {
    const values = new Map<string, AttributeValue>()
    const name = path.slice(path.lastIndexOf('/') + 1)
    for (const { skip, rules } of this.#levels) {
      const below = skip === 0 ? path : path.slice(skip)
      for (const [at, { isMeant, states }] of rules.entries()) {
        if (at % RULES_BETWEEN_CHECKS === RULES_BETWEEN_CHECKS - 1) this.#shared.checkpoint()
        if (states.some((state) => !values.has(state.name)) && isMeant(below, name)) {
          this.#assign(states, values)
        }
      }
    }
    return values
  }

  #assign(states: readonly AttributeState[], values: Map<string, AttributeValue>): void {
    const pending = [...states]
    for (let state = pending.pop(); state; state = pending.pop()) {
      const { name, value } = state
      if (values.has(name)) continue
      values.set(name, value)
      // A macro stands for its attributes right where it is set.
      if (value === true) pending.push(...(this.#macros.get(name) ?? []))
    }
  }
}
