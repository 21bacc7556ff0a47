import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SyncError } from '../../src/base/errors.js'
import { toNetworkError } from '../../src/transport/network-error.js'

const coded = (code: string, more: object = {}) =>
  Object.assign(new Error(`words of ${code}`), { code, ...more })
const context = { host: 'git.example:8443' }

for (const [code, expected] of [
  ['EAI_AGAIN', 'host-not-found'],
  ['ETIMEDOUT', 'connect-timeout'],
  ['UND_ERR_CONNECT_TIMEOUT', 'connect-timeout'],
  ['EHOSTUNREACH', 'connection-failed'],
  ['EPIPE', 'connection-failed'],
  ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'tls-failed'],
  ['UNABLE_TO_GET_ISSUER_CERT_LOCALLY', 'tls-failed'],
  ['DEPTH_ZERO_SELF_SIGNED_CERT', 'tls-failed'],
  ['SELF_SIGNED_CERT_IN_CHAIN', 'tls-failed'],
  ['CERT_HAS_EXPIRED', 'tls-failed'],
  ['ERR_TLS_CERT_ALTNAME_INVALID', 'tls-failed'],
  ['EPROTO', 'tls-failed'],
  ['ERR_WHATEVER', 'internal'],
] as const) {
  test(`${code} is ${expected}`, () => {
    const error = toNetworkError(coded(code), context)
    assert.equal(error.code, expected)
    assert.match(error.message, /git\.example:8443/)
    assert.match(error.message, new RegExp(code))
  })
}

test('several addresses that fail are one failure', () => {
  const refusals = [coded('ECONNREFUSED'), coded('ENETUNREACH')]
  const error = toNetworkError(
    Object.assign(new AggregateError(refusals), { code: 'ECONNREFUSED' }),
    context,
  )
  assert.equal(error.code, 'connection-refused')
  assert.match(error.message, /words of ECONNREFUSED/)
})

test('a peer that vanished is a failed connection, not a slow connect', () => {
  const error = toNetworkError(coded('ETIMEDOUT', { syscall: 'read' }), context)
  assert.equal(error.code, 'connection-failed')
})

test('OpenSSL is not quoted with where in its source a fault was found', () => {
  const words = (code: string, line: string) =>
    toNetworkError(Object.assign(new Error(line), { code }), context).message
  assert.equal(
    words(
      'ERR_SSL_WRONG_VERSION_NUMBER',
      '809CCB417B7F0000:error:0A00010B:SSL routines:ssl3_get_record:wrong version number:../deps/openssl/ssl/record/ssl3_record.c:350:\n',
    ),
    'What answers at git.example:8443 does not speak TLS: check the scheme and the port',
  )
  assert.equal(
    words(
      'ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION',
      '809CCB417B7F0000:error:0A00042E:SSL routines:ssl3_read_bytes:tlsv1 alert protocol version:../deps/openssl/ssl/record/rec_layer_s3.c:1601:SSL alert number 70\n',
    ),
    'No trusted TLS connection to git.example:8443 (ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION: tlsv1 alert protocol version): git.example:8443 speaks only versions of TLS older than 1.2: update it',
  )
})

test('the reason of an aborted signal comes first', () => {
  const reason = new SyncError('sync-timeout', 'own words')
  const signal = AbortSignal.abort(reason)
  assert.equal(toNetworkError(coded('ECONNRESET'), { ...context, signal }), reason)
})
