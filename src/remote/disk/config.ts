// Reads the few settings of a repository that change how it is stored.
// https://git-scm.com/docs/git-config#_syntax

const SECTION = /^\s*\[\s*([A-Za-z0-9.-]+)\s*(?:"[^"]*"\s*)?\]/
const VARIABLE = /^\s*([A-Za-z][A-Za-z0-9-]*)\s*=\s*"?([^"#;]*)/

/** The plain `section.variable = value` settings, names in lower case; the last one counts. */
export function parseConfig(text: string): Map<string, string> {
  const settings = new Map<string, string>()
  let section = ''
  for (const line of text.split('\n')) {
    const header = SECTION.exec(line)
    section = header?.[1]?.toLowerCase() ?? section
    const variable = VARIABLE.exec(header ? line.slice(header[0].length) : line)
    if (variable) settings.set(`${section}.${variable[1]!.toLowerCase()}`, variable[2]!.trimEnd())
  }
  return settings
}
