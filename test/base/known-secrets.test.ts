import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createRedactor, hasShortSecret } from '../../src/base/known-secrets.js'

const SECRET = 'pä$$ w0rd/"?+~x'

const unicodeEscape = (character: string) =>
  `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`

test('a secret is found in every form', () => {
  const redactor = createRedactor()
  const text = `a ${SECRET} b`
  assert.equal(redactor.redact(text), text)
  redactor.add(SECRET)
  assert.equal(redactor.redact(text), 'a [redacted] b')
  assert.equal(redactor.redact(SECRET + SECRET), '[redacted][redacted]')
  const percent = encodeURIComponent(SECRET)
  for (const form of [
    percent,
    percent.replace(/%../g, (code) => code.toLowerCase()),
    new URLSearchParams({ q: SECRET }).toString().slice(2),
    JSON.stringify(SECRET).slice(1, -1),
    encodeURIComponent(percent),
    // As a server writes it that does not know UTF-8.
    SECRET.replace('ä', '%E4'),
    SECRET.replace('"', '&quot;').replace('$', '&#36;').replace('~', '&#x7E;'),
    SECRET.replace(/[^a-z0-9]/g, unicodeEscape),
    SECRET.replaceAll('"', '&quot;').replaceAll('&', '\\u0026'),
    // Half of its characters.
    SECRET.replace('ä', '%c3%a4').replace('/', '\\/'),
  ]) {
    assert.equal(redactor.redact(`<${form}> &amp; %41`), '<[redacted]> &amp; %41', form)
  }
})

test('a quote that was encoded does not hide a secret', () => {
  const redactor = createRedactor()
  redactor.add("it's-a-secret")
  for (const quote of ['%27', '&#39;', '&#x27;', '&apos;', '\\u0027', "\\'"]) {
    assert.equal(redactor.redact(`(it${quote}s-a-secret)`), '([redacted])', quote)
  }
})

test('a secret that looks encoded is found in another encoding', () => {
  const redactor = createRedactor()
  for (const secret of ['a%41b-secret', "c'\\/d-secret", 'e&amp;f-secret']) redactor.add(secret)
  assert.equal(redactor.redact('a%41b\\u002dsecret'), '[redacted]')
  assert.equal(redactor.redact('c&#x27;\\/d-secret'), '[redacted]')
  assert.equal(redactor.redact('e&amp;f%2Dsecret'), '[redacted]')
})

test('text that only looks encoded stays as it is', () => {
  const redactor = createRedactor()
  redactor.add('secret-and-more')
  for (const text of [
    '100%',
    'a%zz &unknown; \\q \\u00',
    '&#99999999; &#x110000;',
    '%',
    '\\',
    '&',
  ]) {
    assert.equal(redactor.redact(text), text)
    assert.equal(redactor.redact(`${text} secret-and-more`), `${text} [redacted]`)
  }
})

test('a secret inside of base64 is found, wherever it starts', () => {
  const redactor = createRedactor()
  redactor.add(SECRET)
  for (const before of ['', 'u', 'u:', 'us:', 'user:']) {
    for (const form of ['base64', 'base64url'] as const) {
      const encoded = Buffer.from(`${before}${SECRET}, and more`).toString(form)
      const redacted = redactor.redact(encoded)
      assert.match(redacted, /\[redacted\]/)
      const left = redacted.split('[redacted]').map((part) => Buffer.from(part, form).toString())
      assert.doesNotMatch(left.join(' '), /w0rd|rd|x/, redacted)
    }
  }
})

test('the headers of a request are learnt by their parts', () => {
  const redactor = createRedactor()
  const basic = Buffer.from('user:basic-password').toString('base64')
  redactor.addHeaders({ authorization: `Basic ${basic}`, cookie: 'a=first-cookie; b=x=second' })
  redactor.addHeaders({ authorization: 'Bearer bearer-token', 'x-key': 'any-value' })
  for (const secret of [
    basic,
    'basic-password',
    'user:basic-password',
    'first-cookie',
    'x=second',
    'bearer-token',
    'any-value',
  ]) {
    assert.equal(redactor.redact(`(${secret})`), '([redacted])', secret)
  }
  assert.equal(redactor.redact('user Basic Bearer a= b= x-key'), 'user Basic Bearer a= b= x-key')
})

const basic = (login: string) => ({
  authorization: `Basic ${Buffer.from(login).toString('base64')}`,
})

test('a user name is learnt where it is a token', () => {
  for (const login of [
    'a1b2c3d4a1b2c3d4:',
    'a1b2c3d4a1b2c3d4:x',
    'a1b2c3d4a1b2c3d4:x-oauth-basic',
    'a1b2c3d4a1b2c3d4a1b2:password',
  ]) {
    const redactor = createRedactor()
    redactor.addHeaders(basic(login), 'https://host/a1b2')
    const [username = ''] = login.split(':')
    assert.equal(redactor.redact(`unknown user '${username}'`), "unknown user '[redacted]'", login)
    assert.equal(redactor.redact('x-oauth-basic'), 'x-oauth-basic')
  }
  const redactor = createRedactor()
  redactor.addHeaders(basic('deployer:password'))
  // As clone URLs have it; also the names of an entry and its path.
  redactor.addHeaders(basic('website:'), 'https://host/team/site.git')
  redactor.addHeaders(basic('kubernetes-deployment:password'), 'https://host/team/site.git')
  assert.equal(
    redactor.redact('website2, kubernetes-deployment/site'),
    'website2, kubernetes-deployment/site',
  )
  redactor.addHeaders(basic('my-company:'), 'https://dev.example/my-company/_git/repo')
  assert.equal(redactor.redact('deployer of my-company'), 'deployer of my-company')
})

test('a request with a secret that is too short to be learnt is told', () => {
  const url = 'https://git.example/r'
  for (const headers of [
    basic('u:s3cr!'),
    basic('a1b2:'),
    { cookie: 'a=12345' },
    { 'x-key': 'abc' },
    { authorization: 'Bearer abc' },
  ]) {
    assert.equal(hasShortSecret(headers, url), true)
  }
  for (const headers of [
    basic('u:s3cret'),
    basic('a1b2c3d4:x'),
    // The address that is shown has it.
    basic('git:'),
    { authorization: 'Bearer s3cret' },
    // A switch.
    { 'x-api': '1' },
    {},
  ]) {
    assert.equal(hasShortSecret(headers, url), false)
  }
})

test('the longer of two secrets wins, and short ones are passed over', () => {
  const redactor = createRedactor()
  for (const secret of ['secret', 'secret-and-more', 'git', 'main', '']) redactor.add(secret)
  assert.equal(redactor.redact('secret-and-more secret'), '[redacted] [redacted]')
  assert.equal(redactor.redact('git main'), 'git main')
})

test('a secret that is cut off by the end of the text is found', () => {
  const redactor = createRedactor()
  redactor.add('secret-and-more')
  assert.equal(redactor.redact('it said: secret-an'), 'it said: [redacted]')
  assert.equal(redactor.redact('it said: "secret-an…"'), 'it said: "[redacted]…"')
  assert.equal(redactor.redact('secret-an apple'), 'secret-an apple')
  redactor.add('secret&<more>')
  assert.equal(redactor.redact('it said: "secret&am…"'), 'it said: "[redacted]…"')
  assert.equal(redactor.redact('it said: secret%26%3'), 'it said: [redacted]')
  assert.equal(redactor.redact('it said: secret%26%3Cmore%3…'), 'it said: [redacted]…')
})

test('any number of rotated secrets takes bounded memory, and the newest are known', () => {
  const redactor = createRedactor()
  for (let number = 0; number <= 10_000; number++) redactor.add(`token-${number}-token`)
  assert.equal(redactor.redact('token-10000-token'), '[redacted]')
  assert.equal(redactor.redact('token-1-token'), 'token-1-token')
})

test('half a character does no harm', () => {
  const redactor = createRedactor()
  redactor.add('half-\ud800-half')
  assert.equal(redactor.redact('half-\ud800-half'), '[redacted]')
})
