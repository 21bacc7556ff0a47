// The .netrc file, as curl and git read it: the first machine that fits, or else `default`.
// https://everything.curl.dev/usingcurl/netrc.html
import { isPrivate, type Login } from '../authorization.js'

interface NetrcMachine {
  /** Undefined: the default. */
  host: string | undefined
  login?: string | undefined
  password?: string | undefined
  /** Has words that mean nothing, or lacks some, one of which may be its login. */
  isFaulty?: boolean
}

type OnFault = (fault: string) => void

interface Word {
  /** Undefined: a quoted value that does not end on its line. */
  text: string | undefined
  line: number
}

/**
 * The login that the netrc `text` has for `url`, and for `username` where one is given. `default`
 * is not sent where others can read it, nor with `mustNameHost`. `onFault` is told of words that mean
 * nothing; their machine is passed over.
 */
export function findInNetrc(
  text: string,
  url: URL,
  username: string | undefined,
  onFault: OnFault,
  mustNameHost = false,
): Login | undefined {
  const isForAll = isPrivate(url) && !mustNameHost
  for (const { host, login = '', password, isFaulty } of parse(text, onFault)) {
    if (password === undefined || isFaulty) continue
    if (host === undefined ? !isForAll : host.toLowerCase() !== url.hostname) continue
    if (username !== undefined && login !== username) continue
    return { username: login, password }
  }
  return undefined
}

function parse(text: string, onFault: OnFault): NetrcMachine[] {
  const machines: NetrcMachine[] = []
  const tokens = tokenize(text)
  let lineOfComment = 0
  for (const token of tokens) {
    const { text: word, line } = token
    // A number sign begins a comment, but not where a value is due.
    if (word?.startsWith('#')) lineOfComment = line
    if (line === lineOfComment) continue
    if (word === 'machine' || word === 'default') machines.push({ host: undefined })
    const machine = machines.at(-1)
    const fault = (cause: Word | undefined, words: string) => {
      if (machine) machine.isFaulty = true
      const isUnclosed = cause !== undefined && cause.text === undefined
      // Where the next word begins is anybody's guess.
      if (isUnclosed) tokens.return(undefined)
      const unclosed = 'a quoted value does not end on its line'
      onFault(isUnclosed ? `line ${cause.line}: ${unclosed}` : `line ${line}: ${words}`)
    }
    const value = () => {
      const { value: next } = tokens.next()
      if (next?.text === undefined) fault(next, `"${word}" has no value`)
      return next?.text
    }
    if (machine && word === 'machine') machine.host = value()
    else if (machine && word === 'login') machine.login = value()
    else if (machine && word === 'password') machine.password = value()
    else if (machine && word === 'account') value()
    else if (word !== 'default') fault(token, `expected ${expectation(machine)}`)
  }
  return machines
}

function expectation(machine: NetrcMachine | undefined): string {
  if (!machine) return 'machine or default first'
  return 'machine, default, login, password or account; a value with spaces takes double quotes'
}

const TOKEN = /"((?:[^"\\\n]|\\.)*)"|(?<bad>")|\S+/g
const ESCAPES: Record<string, string> = { n: '\n', r: '\r', t: '\t' }

/** The words of a file; comments and macros are skipped. */
function* tokenize(text: string): Generator<Word, undefined, undefined> {
  let isInMacro = false
  for (const [index, content] of text.split(/\r?\n/).entries()) {
    if (content.trim() === '') isInMacro = false
    if (isInMacro || content.trimStart().startsWith('#')) continue
    const macro = /(?:^|\s)macdef(?:\s|$)/.exec(content)
    isInMacro = macro !== null
    for (const [word, quoted, bad] of content.slice(0, macro?.index).matchAll(TOKEN)) {
      if (bad) {
        yield { text: undefined, line: index + 1 }
        break
      }
      const unescaped = quoted?.replace(/\\(.)/g, (_, char: string) => ESCAPES[char] ?? char)
      yield { text: unescaped ?? word, line: index + 1 }
    }
  }
}
