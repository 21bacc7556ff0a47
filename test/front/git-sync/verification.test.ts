// Who may turn the verification of TLS off, by rows.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { UsageError } from '../../../src/front/git-sync/command-line.js'
import { parseGitConfig } from '../../../src/front/git-sync/git-config.js'
import { readGitSettings } from '../../../src/front/git-sync/git-settings.js'
import type { Options } from '../../../src/front/git-sync/options.js'
import { assertVerified } from '../../../src/front/git-sync/verification.js'

const TLS = 'https://h/one'

// biome-ignore format: a table
const ROWS: readonly [it: string, repo: string, config: string, env: Record<string, string>, insecure: boolean, told: RegExp | undefined, isRefused: boolean][] = [
  ['nothing', TLS, '', {}, false, undefined, false],
  ['nothing, with the flag', TLS, '', {}, true, undefined, false],
  ['the setting', TLS, 'http.sslVerify:false', {}, false, undefined, true],
  ['the setting and the flag', TLS, 'http.sslVerify:false', {}, true, /TLS is not verified, as http\.sslVerify and --insecure/, false],
  ['true', TLS, 'http.sslVerify:true', {}, false, undefined, false],
  ['the variable', TLS, '', { GIT_SSL_NO_VERIFY: 'true' }, false, undefined, true],
  ['the variable, whatever it says', TLS, '', { GIT_SSL_NO_VERIFY: 'false' }, false, undefined, true],
  ['the variable and the flag', TLS, '', { GIT_SSL_NO_VERIFY: '1' }, true, /GIT_SSL_NO_VERIFY and --insecure/, false],
  ['no TLS', 'http://h/one', 'http.sslVerify:false', {}, false, /is ignored without --insecure/, false],
  ['SSH', 'git@h:one', '', { GIT_SSL_NO_VERIFY: '1' }, false, /is ignored without --insecure/, false],
  ['the URL of --repo', TLS, '"http.https://h/.sslVerify":false', {}, false, undefined, true],
  ['another URL', TLS, '"http.https://other/.sslVerify":false', {}, false, /is ignored without --insecure/, false],
  ['an address that is rewritten', 'h:one', '"url.https://h/.insteadOf":"h:",http.sslVerify:false', {}, false, undefined, true],
]

for (const [it, repo, config, env, insecure, told, isRefused] of ROWS) {
  test(`what turns it off: ${it}`, () => {
    const warnings: string[] = []
    const settings = readGitSettings(parseGitConfig(config), env, assert.fail, repo)
    const given = { insecure, repo } as Options
    const work = () => assertVerified(settings, given, (text) => warnings.push(text))
    if (!isRefused) work()
    else
      assert.throws(work, (error) => {
        assert.ok(error instanceof UsageError)
        assert.match(error.message, /lets anybody in between .* or add --insecure-skip-tls-verify/)
        return error.exitCode === 1 && !error.isUsageShown
      })
    if (told) assert.match(warnings.join('\n'), told)
    else assert.deepEqual(warnings, [])
  })
}
