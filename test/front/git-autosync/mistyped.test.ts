import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CREDENTIAL_VARIABLES } from '../../../src/credentials/environment.js'
import { findMistyped } from '../../../src/front/git-autosync/mistyped.js'
import { SETTINGS } from '../../../src/settings.js'
import { runProgram } from '../../helpers/service.js'

const said = (name: string, meant: string) =>
  `${name} in the environment is ignored: it is not a setting (did you mean "${meant}"?)`

for (const [name, meant] of [
  ['SCRAPE_INTERVL', 'SCRAPE_INTERVAL'],
  ['SCRAPE_INTERVALS', 'SCRAPE_INTERVAL'],
  ['LISTING_PAHT', 'LISTING_PATH'],
  ['RUN_HOOK', 'RUN_HOOKS'],
  ['MAX_CONCURENT_SYNCS', 'MAX_CONCURRENT_SYNCS'],
  ['GIT_TOKN', 'GIT_TOKEN'],
  ['CREDENTIAL_PATH', 'CREDENTIALS_PATH'],
] as const) {
  test(`${name} is probably ${meant}`, () =>
    assert.deepEqual(findMistyped({ [name]: 'secret' }), [said(name, meant)]))
}

test('what is set for somebody else is not', () => {
  const own = [...Object.values(SETTINGS).flatMap(({ variables }) => variables)]
  const others = [
    'GIT_ASKPASS GIT_AUTHOR_NAME GIT_DIR GIT_SSH GIT_SSH_COMMAND GIT_SSL_CAINFO GIT_TRACE GIT_WORK_TREE',
    'FTP_PROXY RSYNC_PROXY ftp_proxy HTTP_PORT_80_TCP KUBERNETES_PORT KUBERNETES_SERVICE_HOST',
    'HOME HOSTNAME LOGNAME PATH POD_NAME PWD ROOTS SHELL SSL_CERT_FILE TERM TMPDIR USER',
    'AZURE_TENANT_ID GCE_METADATA_HOST NODE_ENV NODE_EXTRA_CA_CERTS NODE_OPTIONS NODE_VERSION NO_COLOR',
  ].flatMap((line) => line.split(' '))
  const names = [...own, ...Object.keys(CREDENTIAL_VARIABLES), ...others]
  assert.deepEqual(findMistyped(Object.fromEntries(names.map((name) => [name, '1']))), [])
  assert.deepEqual(findMistyped({ RUN_HOOK: '' }), [], 'nor what is not set')
})

test('a start says so, be it that it goes on or for want of the setting ends', async () => {
  const [ended, checked] = await Promise.all([
    runProgram([], { LISTING_PAHT: '/x.json' }),
    runProgram(['--listing-path', '/no/listing.json'], { SCRAPE_INTERVL: '5s' }),
  ])
  assert.equal(ended.code, 2)
  assert.ok(ended.stderr.includes(`git-autosync: ${said('LISTING_PAHT', 'LISTING_PATH')}\n`))
  const line = checked.stdout.split('\n').find((text) => text.includes('SCRAPE_INTERVL')) ?? '{}'
  const { level, message } = JSON.parse(line)
  assert.deepEqual([level, message], ['warn', said('SCRAPE_INTERVL', 'SCRAPE_INTERVAL')])
})
