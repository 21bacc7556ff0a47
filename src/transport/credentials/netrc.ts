// The .netrc file, as curl and git read it: the first machine that fits, or else `default`.
// https://everything.curl.dev/usingcurl/netrc.html
import { isPrivate, type Login } from './authorization.js'
import { invalidIn } from './secret-file.js'

interface Machine {
  /** Undefined: the default. */
  host: string | undefined
  login?: string
  password?: string
}

interface Token {
  text: string
  line: number
}

/**
 * The login that the netrc `text` has for `url`, and for `username` where one is given. `default`
 * is not sent where others can read it. Throws `credentials-invalid`, which begins with `name`.
 */
export function findInNetrc(
  text: string,
  name: string,
  url: URL,
  username: string | undefined,
): Login | undefined {
  for (const { host, login = '', password } of parse(text, name)) {
    if (password === undefined) continue
    if (host === undefined ? !isPrivate(url) : host.toLowerCase() !== url.hostname) continue
    if (username !== undefined && login !== username) continue
    return { username: login, password }
  }
  return undefined
}

function parse(text: string, name: string): Machine[] {
  const machines: Machine[] = []
  const tokens = tokenize(text, name)
  for (const { text: word, line } of tokens) {
    const value = () => {
      const next = tokens.next()
      if (next.done) throw invalidIn(name, `line ${line}: "${word}" has no value`)
      return next.value.text
    }
    const machine = machines.at(-1)
    if (word === 'machine') machines.push({ host: value() })
    else if (word === 'default') machines.push({ host: undefined })
    else if (machine && word === 'login') machine.login = value()
    else if (machine && word === 'password') machine.password = value()
    else if (machine && word === 'account') value()
    else throw invalidIn(name, `line ${line}: expected ${expectation(machine)}`)
  }
  return machines
}

function expectation(machine: Machine | undefined): string {
  if (!machine) return 'machine or default first'
  return 'machine, default, login, password or account; a value with spaces takes double quotes'
}

const TOKEN = /"((?:[^"\\\n]|\\.)*)"|(?<bad>")|\S+/g
const ESCAPES: Record<string, string> = { n: '\n', r: '\r', t: '\t' }

/** The words of a file; comments and macros are skipped. */
function* tokenize(text: string, name: string): Generator<Token, undefined, undefined> {
  let isInMacro = false
  for (const [index, content] of text.split(/\r?\n/).entries()) {
    if (content.trim() === '') isInMacro = false
    if (isInMacro || content.trimStart().startsWith('#')) continue
    const macro = /(?:^|\s)macdef(?:\s|$)/.exec(content)
    isInMacro = macro !== null
    for (const [word, quoted, bad] of content.slice(0, macro?.index).matchAll(TOKEN)) {
      if (bad) throw invalidIn(name, `line ${index + 1}: a quoted value does not end on its line`)
      const unescaped = quoted?.replace(/\\(.)/g, (_, char: string) => ESCAPES[char] ?? char)
      yield { text: unescaped ?? word, line: index + 1 }
    }
  }
}
