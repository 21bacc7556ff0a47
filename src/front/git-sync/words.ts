// What errors advise, in the words of git-sync: they speak of a listing and its settings.

// biome-ignore format: a table
const WORDS: readonly (readonly [meant: RegExp, here: string])[] = [
  [/\bSYNC_TIMEOUT\b/g, '--sync-timeout'],
  [/\bset publish to in-place for this entry, or its path to one below/g, 'set --in-place, or --link to a path below'],
  [/\bset publish to in-place for this entry/g, 'set --in-place'],
  [/\bthe entry's (?:branch|commit|ref|tag)\b/g, '--ref'],
  [/\btake submodules out of the entry/g, 'set --submodules=off'],
  [/\bCA_FILE\b/g, 'http.sslCAInfo'],
  [/, and an encrypted key needs its clientKeyPassphraseFile/g, ', and the key may not be encrypted'],
  [/ of (?:a|the) credential in CREDENTIALS_PATH/g, ''],
  [/\b(?:its )?clientCertFile\b/g, 'http.sslCert'],
  [/\b(?:its )?clientKeyFile\b/g, 'http.sslKey'],
  [/\b(?:its )?privateKeyFile\b/g, '--github-app-private-key-file'],
  [/\bappId or clientId\b/g, '--github-app-application-id or --github-app-client-id'],
  [/\binstallationId\b/g, '--github-app-installation-id'],
  [/\bapiUrl\b/g, '--github-base-url'],
]

/** An error's text, as users of git-sync can follow it. */
export function inWords(text: string): string {
  return WORDS.reduce((told, [meant, here]) => told.replace(meant, here), text)
}
