import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  createProxyChoice,
  LOOPBACK,
  parseNoProxy,
  parseProxy,
  readProxy,
} from '../../../src/transport/http/proxy.js'
import { failsWith } from '../../helpers/fails-with.js'

const proxy = parseProxy('http://proxy:3128')

const ROWS: [noProxy: string, direct: string[], proxied: string[]][] = [
  ['', [], ['http://a.example/', 'http://localhost/']],
  ['*', ['http://a.example/', 'https://[::1]/', 'http://10.0.0.1/'], []],
  ['a.example, *', ['http://b.example/'], []],
  [
    'example.com',
    ['https://example.com/', 'https://git.example.com/', 'https://EXAMPLE.com./'],
    ['https://notexample.com/', 'https://example.com.evil/', 'https://com/'],
  ],
  ['.Example.com', ['https://example.com/', 'https://a.b.example.com/'], ['https://xexample.com/']],
  ['*.example.com', ['https://git.example.com/'], ['https://examplexcom/']],
  [
    'one.example two.example\tthree.example',
    ['http://one.example/', 'http://two.example/', 'http://three.example/'],
    ['http://four.example/'],
  ],
  [
    'git.example:8443',
    ['https://git.example:8443/', 'http://sub.git.example:8443/'],
    ['https://git.example/', 'http://git.example:80/'],
  ],
  ['git.example:443,git.example:80', ['https://git.example/', 'http://git.example/'], []],
  ['10.0.0.1', ['http://10.0.0.1/', 'https://10.0.0.1:8443/'], ['http://10.0.0.10/']],
  ['10.0.0.1:8080', ['http://10.0.0.1:8080/'], ['http://10.0.0.1/']],
  [
    '10.0.0.0/8,192.168.1.0/24',
    ['http://10.200.3.4/', 'https://192.168.1.9/'],
    ['http://11.0.0.1/', 'http://192.168.2.1/', 'http://10.example/', 'http://[::1]/'],
  ],
  ['::1', ['http://[::1]/', 'http://[0:0::1]:8080/'], ['http://[::2]/', 'http://127.0.0.1/']],
  ['[::1]:8080', ['http://[::1]:8080/'], ['http://[::1]/']],
  ['[fd00::1]', ['http://[fd00:0::1]/'], ['http://[fd00::2]/']],
  ['fd00::/8', ['http://[fd12:3456::1]/'], ['http://[fe80::1]/', 'http://fd00.example/']],
  // What means nothing lets nothing past.
  ['10.0.0.0/99, /8, x/24, :80', [], ['http://10.0.0.1/', 'http://x/', 'http://a.example/']],
]

for (const [noProxy, direct, proxied] of ROWS) {
  test(`NO_PROXY=${JSON.stringify(noProxy)}`, () => {
    const settings = { httpProxy: proxy, httpsProxy: proxy, noProxy: parseNoProxy(noProxy) }
    const proxyFor = createProxyChoice(settings)
    for (const url of direct) assert.equal(proxyFor(new URL(url)), undefined, url)
    for (const url of proxied) assert.equal(proxyFor(new URL(url)), proxy, url)
  })
}

test('this machine is reached directly by whoever wants that', () => {
  const settings = { httpProxy: proxy, httpsProxy: proxy, noProxy: undefined }
  const [direct, proxied] = [createProxyChoice(settings, LOOPBACK), createProxyChoice(settings)]
  const own = ['http://localhost:9/', 'https://LOCALHOST./', 'http://127.1.2.3/', 'http://[::1]:9/']
  for (const url of own) assert.equal(direct(new URL(url)), undefined, url)
  for (const url of own) assert.equal(proxied(new URL(url)), proxy, url)
  for (const url of ['http://128.0.0.1/', 'http://localhost.example/', 'http://[::2]/'])
    assert.equal(direct(new URL(url)), proxy, url)
})

test('the scheme of the remote chooses the proxy', () => {
  const httpsProxy = parseProxy('https://secure')
  const proxyFor = createProxyChoice({ httpProxy: proxy, httpsProxy, noProxy: undefined })
  assert.equal(proxyFor(new URL('http://a/')), proxy)
  assert.equal(proxyFor(new URL('https://a/')), httpsProxy)
  const one = createProxyChoice({ httpProxy: undefined, httpsProxy, noProxy: [] })
  assert.equal(one(new URL('http://a/')), undefined)
})

test('credentials of a proxy are set apart and decoded', () => {
  const basic = (text: string) => `Basic ${Buffer.from(text).toString('base64')}`
  assert.deepEqual(parseProxy('http://us%40er:p%3Aw@proxy:8080/'), {
    origin: 'http://proxy:8080',
    authorization: basic('us@er:p:w'),
  })
  assert.equal(parseProxy('u:100%@proxy:8080').authorization, basic('u:100%'))
  assert.equal(parseProxy('http://u@[::1]:1').authorization, basic('u:'))
  assert.deepEqual(parseProxy('proxy:3128').origin, 'http://proxy:3128')
  for (const text of [
    '',
    'http://',
    'ht tp://x',
    'http://u:sec/ret@x',
    'socks5://x',
    'http://x?a',
  ]) {
    assert.throws(() => parseProxy(text), RangeError, text)
  }
})

test('what is reached directly is made out only where there is a proxy', () => {
  const noProxy = new Proxy<string[]>([], {
    get: () => assert.fail('NO_PROXY is looked at'),
  })
  const choose = createProxyChoice({ httpProxy: undefined, httpsProxy: proxy, noProxy })
  assert.equal(choose(new URL('http://git.example/')), undefined)
  assert.throws(() => choose(new URL('https://git.example/')), /NO_PROXY is looked at/)
})

test('what is no proxy is a fault of whoever would go through it', () => {
  const httpProxy = readProxy('socks5://user:secret@h', 'all_proxy')
  const proxyFor = createProxyChoice({ httpProxy, httpsProxy: proxy, noProxy: ['a.example'] })
  assert.equal(proxyFor(new URL('http://a.example/')), undefined)
  assert.equal(proxyFor(new URL('https://b.example/')), proxy)
  const words = /^No proxy can be used for b\.example: all_proxy must start with .* NO_PROXY$/
  assert.throws(() => proxyFor(new URL('http://b.example/')), failsWith('proxy-failed', words))
})
