// Counts the files of a folder that a function enters, from declaration to declaration: what the text
// of each entered function, method, constructor or constant names, closures too; an interface's method
// is those of the classes and objects that are of it. Types do not count, nor does what lies below
// `without`: of two modes, only one is entered at a time.
import path from 'node:path'
import { type Node, type SourceFile, SyntaxKind } from 'typescript/unstable/ast'
import { API, type Project, type Symbol as TypeSymbol } from 'typescript/unstable/sync'

/** A node, by what it may have. */
type Found = Node & {
  name?: Found & { text?: string }
  initializer?: Found
  members?: readonly Found[]
  properties?: readonly Found[]
  heritageClauses?: readonly { types: readonly { expression: { text?: string } }[] }[]
}

const ALIAS = 1 << 21

/** What is no more than its type says. */
const TYPES: readonly SyntaxKind[] = [
  SyntaxKind.TypeReference,
  SyntaxKind.InterfaceDeclaration,
  SyntaxKind.TypeAliasDeclaration,
  SyntaxKind.ExpressionWithTypeArguments,
  SyntaxKind.TypeQuery,
]

class Reach {
  readonly files = new Map<string, string>()
  readonly #project: Project
  readonly #isCounted: (file: string) => boolean
  /** What implements each method of an interface, by `Interface.method`. */
  readonly #implementing = new Map<string, Found[]>()
  readonly #entered = new Set<Found>()

  constructor(project: Project, isCounted: (file: string) => boolean) {
    this.#project = project
    this.#isCounted = isCounted
    for (const file of project.program.getSourceFileNames().filter(isCounted)) {
      this.#index(project.program.getSourceFile(file) as Found)
    }
  }

  /** Enters a declaration, and all that it names. */
  enter(first: Found): void {
    const queue = [first]
    for (const node of queue) {
      const file = (node.getSourceFile() as SourceFile).fileName
      if (this.#entered.has(node) || !this.#isCounted(file)) continue
      this.#entered.add(node)
      if (!this.files.has(file)) this.files.set(file, node.name?.text ?? 'constructor')
      for (const part of partsOf(node)) this.#name(part, queue)
    }
  }

  #index(node: Found): void {
    const { checker } = this.#project
    const add = (type: string | undefined, members: readonly Found[] = []) => {
      for (const member of members) {
        const key = `${type}.${member.name?.text}`
        this.#implementing.set(key, [...(this.#implementing.get(key) ?? []), member])
      }
    }
    for (const { types } of node.heritageClauses ?? []) {
      for (const { expression } of types) add(expression.text, node.members)
    }
    if (node.kind === SyntaxKind.ObjectLiteralExpression) {
      const type = checker.getContextualType(node as never)
      if (type) add(checker.typeToString(type), node.properties)
    }
    node.forEachChild((child) => this.#index(child as Found))
  }

  /** Adds the declarations that a text names. */
  #name(node: Found, queue: Found[]): void {
    if (TYPES.includes(node.kind)) return
    if (node.kind === SyntaxKind.Identifier || node.kind === SyntaxKind.PrivateIdentifier) {
      for (const handle of this.#symbolOf(node)?.declarations ?? []) {
        if (!this.#isCounted(handle.path)) continue
        queue.push(...this.#meant(handle.resolve(this.#project) as Found))
      }
    }
    node.forEachChild((child) => this.#name(child as Found, queue))
  }

  #symbolOf(node: Found): TypeSymbol | undefined {
    const { checker } = this.#project
    const isShorthand = node.parent.kind === SyntaxKind.ShorthandPropertyAssignment
    const symbol = isShorthand
      ? checker.getShorthandAssignmentValueSymbol(node.parent)
      : checker.getSymbolAtLocation(node)
    return symbol && symbol.flags & ALIAS ? checker.getAliasedSymbol(symbol) : symbol
  }

  #meant(declaration: Found): readonly Found[] {
    switch (declaration.kind) {
      case SyntaxKind.FunctionDeclaration:
      case SyntaxKind.ClassDeclaration:
      case SyntaxKind.MethodDeclaration:
      case SyntaxKind.GetAccessor:
      case SyntaxKind.PropertyDeclaration:
        return [declaration]
      case SyntaxKind.MethodSignature:
      case SyntaxKind.PropertySignature: {
        const key = `${(declaration.parent as Found).name?.text}.${declaration.name?.text}`
        return this.#implementing.get(key) ?? []
      }
      case SyntaxKind.VariableDeclaration: {
        const isOfFile = declaration.parent.parent.parent.kind === SyntaxKind.SourceFile
        return isOfFile ? [declaration] : []
      }
      default:
        return []
    }
  }
}

/** What is run of a declaration once it is named: of a class what makes one, of an object of methods nothing. */
function partsOf(node: Found): readonly Found[] {
  const { initializer, members, name } = node
  if (node.kind === SyntaxKind.ClassDeclaration) {
    return (members ?? []).filter(
      ({ kind }) => kind === SyntaxKind.Constructor || kind === SyntaxKind.PropertyDeclaration,
    )
  }
  const methods = initializer?.properties?.some(
    (each) => isFunction(each) || isFunction(each.initializer),
  )
  if (node.kind === SyntaxKind.VariableDeclaration && methods) return []
  const parts: Found[] = []
  node.forEachChild((child) => {
    if (child !== name) parts.push(child as Found)
  })
  return parts
}

function isFunction(node: Found | undefined): boolean {
  return node?.kind === SyntaxKind.MethodDeclaration || node?.kind === SyntaxKind.ArrowFunction
}

/** Where it is counted from. */
export interface Entrance {
  /** The root of a checkout, with its tsconfig.json. */
  checkout: string
  /** The folder whose files are counted, and one of them, below it. */
  folder: string
  file: string
  /** The function. */
  name: string
}

/**
 * The files that are entered, below the folder, each with what is entered of it first; for each list of
 * what is left out, below the folder. The checkout is read once, which takes longest.
 */
export function filesEntered(
  from: Entrance,
  leftOut: readonly (readonly string[])[],
): Map<string, string>[] {
  const root = path.resolve(from.checkout)
  const below = `${path.join(root, from.folder)}/`
  const api = new API({ cwd: root })
  try {
    const [project] = api.updateSnapshot({ openProjects: [`${root}/tsconfig.json`] }).getProjects()
    if (!project) throw new Error(`${root} has no tsconfig.json`)
    return leftOut.map((without) => {
      const isLeftOut = (at: string) => without.some((part) => at.startsWith(`${below}${part}`))
      const reach = new Reach(project, (at) => at.startsWith(below) && !isLeftOut(at))
      project.program.getSourceFile(`${below}${from.file}`)?.forEachChild((child) => {
        if ((child as Found).name?.text === from.name) reach.enter(child as Found)
      })
      return new Map([...reach.files].map(([at, by]) => [path.relative(below, at), by]))
    })
  } finally {
    api.close()
  }
}
