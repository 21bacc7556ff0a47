// The webhooks of every forge, signed by openssl as they sign, and every way to tamper with them.
import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { describe, test } from 'node:test'
import { isSameRepository, repositoryNameOf } from '../../../src/git/repository-name.js'
import type { Announcement } from '../../../src/sync/announcement.js'
import { oid } from '../../helpers/fake-sync.js'
import { createWebhookServer } from '../../helpers/webhook-server.js'
import {
  FORGE_SAMPLES,
  type Push,
  SIGNING_TOKEN,
  standardSignature,
  type Webhook,
  webhookOf,
  ZEROS,
} from '../../helpers/webhooks.js'

const OTHER_TOKEN = `whsec_${Buffer.alloc(32, 'other').toString('base64')}`
const OTHER_SECRET = 'the one that goes soon'
const PUSH: Push = {
  origin: 'https://git.example.com',
  owner: 'team',
  name: 'site',
  ref: 'refs/heads/main',
  before: oid(1),
  after: oid(2),
}

/** The push that was announced, without the names of its repository, which must be its own. */
function told(announced: readonly Announcement[], repo: string): object[] {
  const name = repositoryNameOf(repo)
  assert.ok(name)
  return announced.map(({ repositories, ...push }) => {
    assert.ok(
      repositories.some((other) => isSameRepository(other, name)),
      repo,
    )
    return push
  })
}

for (const [forge, sample] of Object.entries(FORGE_SAMPLES)) {
  describe(forge, () => {
    const provider = forge.split(' ')[0] ?? ''
    const createServer = () => createWebhookServer({ secrets: [OTHER_SECRET, SIGNING_TOKEN] })
    const isGeneric = forge === 'generic'

    test('a push is accepted, with what it says', async () => {
      const { announced, send, results } = createServer()
      const answer = await send(webhookOf(forge, PUSH, SIGNING_TOKEN))
      assert.deepEqual([answer.statusCode, answer.json()], [202, { matched: 1 }], answer.body)
      const before = isGeneric ? undefined : oid(1)
      assert.deepEqual(told(announced, sample.repo(PUSH)), [
        { ref: 'refs/heads/main', oid: oid(2), before },
      ])
      assert.deepEqual(results, [`${provider} matched`])
    })

    test('a tag and a deletion are pushes', async () => {
      const { announced, send } = createServer()
      const tag = { ...PUSH, ref: 'refs/tags/v1.0.0', before: ZEROS }
      await send(webhookOf(forge, tag, SIGNING_TOKEN))
      await send(webhookOf(forge, { ...PUSH, after: ZEROS }, SIGNING_TOKEN))
      const [created, deleted] = announced
      assert.deepEqual([created?.ref, created?.oid], ['refs/tags/v1.0.0', oid(2)])
      assert.deepEqual([deleted?.ref, deleted?.oid], ['refs/heads/main', undefined])
    })

    test('what is of none of the secrets, or is changed on its way, is refused', async () => {
      const { announced, send, results } = createServer()
      const good = webhookOf(forge, PUSH, SIGNING_TOKEN)
      const bodies = [`${good.body} `, good.body.replace(oid(2), oid(3)), '']
      const unsigned = withoutProof(good, sample.headers)
      const tampered: Webhook[] = [
        webhookOf(forge, PUSH, OTHER_TOKEN),
        unsigned,
        ...(holdsSecret(good) ? [] : bodies.map((body) => ({ ...good, body }))),
      ]
      for (const each of tampered) {
        const answer = await send(each)
        assert.equal(answer.statusCode, 401, JSON.stringify(each))
        assert.match(
          answer.json().error,
          each === unsigned ? /^No secret.*: give the webhook one/ : /: compare the secret .*proxy/,
        )
        assert.ok(!answer.body.includes(SIGNING_TOKEN))
      }
      assert.deepEqual(announced, [])
      assert.ok(
        results.every((result) => result.endsWith(' unauthorized')),
        String(results),
      )
    })

    test('another event is ignored, whatever its body', async () => {
      const { announced, send } = createServer()
      for (const body of ['{}', '[]', 'null', '"x"', '{"repository":[],"refs":{}}', '{"repo":1}']) {
        const signed = { ...sample.headers, ...sample.sign(SIGNING_TOKEN, body) }
        const url = sample.url?.(SIGNING_TOKEN) ?? '/webhook'
        const answer = await send({ url, headers: signed, body })
        assert.deepEqual([answer.statusCode, answer.json()], [202, { matched: 0 }], body)
      }
      assert.deepEqual(announced, [])
    })
  })
}

function withoutProof({ body }: Webhook, headers: Record<string, string>): Webhook {
  return { url: '/webhook', headers, body }
}

/** Whether a webhook shows a secret itself, which says nothing of its body. */
function holdsSecret({ url, headers }: Webhook): boolean {
  const shown = ['x-gitlab-token', 'authorization'].some((name) => headers[name])
  return shown || url.includes('secret=')
}

describe('a ping is answered', () => {
  const pings = [
    ['github', { 'x-github-event': 'ping' }],
    ['gitea', { 'x-gitea-event': 'ping' }],
    ['bitbucket-data-center', { 'x-event-key': 'diagnostics:ping' }],
  ] as const
  for (const [forge, headers] of pings) {
    test(forge, async () => {
      const { send, results } = createWebhookServer({ secrets: [SIGNING_TOKEN] })
      const good = webhookOf(forge, PUSH, SIGNING_TOKEN)
      const answer = await send({ ...good, headers: { ...good.headers, ...headers } })
      assert.deepEqual([answer.statusCode, answer.json()], [202, { matched: 0 }])
      assert.deepEqual(results, [`${forge} ignored`])
    })
  }
})

test('all changes of one push are announced', async () => {
  const { announced, send } = createWebhookServer({ secrets: [SIGNING_TOKEN] })
  for (const forge of ['bitbucket-cloud', 'bitbucket-data-center', 'azure-devops']) {
    announced.length = 0
    const { url, headers, body } = webhookOf(forge, PUSH, SIGNING_TOKEN)
    const doubled = body.replace(/"(changes|refUpdates)":\[(.*?)\](?=[,}])/, '"$1":[$2,$2]')
    assert.notEqual(doubled, body)
    const sign = FORGE_SAMPLES[forge]?.sign(SIGNING_TOKEN, doubled)
    const answer = await send({ url, headers: { ...headers, ...sign }, body: doubled })
    assert.deepEqual([answer.json(), announced.length], [{ matched: 2 }, 2], forge)
  }
})

test('GitHub may send a form', async () => {
  const { announced, send } = createWebhookServer({ secrets: [SIGNING_TOKEN] })
  const { url, headers, body } = webhookOf('github', PUSH, SIGNING_TOKEN)
  const form = new URLSearchParams({ payload: body }).toString()
  const sign = FORGE_SAMPLES['github']?.sign(SIGNING_TOKEN, form)
  const type = { 'content-type': 'application/x-www-form-urlencoded' }
  const answer = await send({ url, headers: { ...headers, ...type, ...sign }, body: form })
  assert.deepEqual([answer.statusCode, announced.length], [202, 1])
})

test('earlier versions of Bitbucket Data Center send no addresses', async () => {
  const { announced, send } = createWebhookServer({ secrets: [SIGNING_TOKEN] })
  const { url, headers, body } = webhookOf('bitbucket-data-center', PUSH, SIGNING_TOKEN)
  const { repository, ...rest } = JSON.parse(body)
  const bare = JSON.stringify({ ...rest, repository: { ...repository, links: undefined } })
  const sign = FORGE_SAMPLES['bitbucket-data-center']?.sign(SIGNING_TOKEN, bare)
  await send({ url, headers: { ...headers, ...sign }, body: bare })
  assert.equal(told(announced, 'https://git.example.com/scm/team/site.git').length, 1)
})

test('Azure DevOps is told by its login alone, where its headers say nothing', async () => {
  const { announced, send, results } = createWebhookServer({ secrets: [SIGNING_TOKEN] })
  const { url, headers, body } = webhookOf('azure-devops', PUSH, SIGNING_TOKEN)
  const { authorization = '' } = headers
  await send({ url, headers: { authorization }, body })
  assert.deepEqual([announced.length, results], [1, ['azure-devops matched']])
})

describe('anything else', () => {
  const body = JSON.stringify({ repo: 'git@git.example.com:team/site.git' })

  test('may say nothing but a repository, of which all may be new', async () => {
    const { announced, send } = createWebhookServer({ secrets: [SIGNING_TOKEN] })
    const headers = { authorization: `Bearer ${SIGNING_TOKEN}` }
    assert.equal((await send({ url: '/webhook', headers, body })).statusCode, 202)
    assert.deepEqual(told(announced, 'https://git.example.com/team/site'), [
      { ref: undefined, oid: undefined, before: undefined },
    ])
  })

  test('may be signed as GitHub signs, or as Standard Webhooks are', async () => {
    const { announced, send } = createWebhookServer({ secrets: [SIGNING_TOKEN] })
    const asGithub = FORGE_SAMPLES['github']?.sign(SIGNING_TOKEN, body) ?? {}
    for (const headers of [asGithub, standardSignature(SIGNING_TOKEN, body)]) {
      assert.equal((await send({ url: '/webhook', headers, body })).statusCode, 202)
      const changed = { url: '/webhook', headers, body: `${body} ` }
      assert.equal((await send(changed)).statusCode, 401)
    }
    assert.equal(announced.length, 2)
  })
})

test('a signature that tells its time is good for five minutes, before and after', async () => {
  const { announced, clock, send } = createWebhookServer({ secrets: [SIGNING_TOKEN] })
  const { url, body, headers } = webhookOf('gitlab 19', PUSH, SIGNING_TOKEN)
  const now = clock.wallTime() / 1000
  const statuses: number[] = []
  for (const seconds of [-301, -300, 0, 300, 301]) {
    const signed = standardSignature(SIGNING_TOKEN, body, Math.floor(now + seconds))
    statuses.push((await send({ url, body, headers: { ...headers, ...signed } })).statusCode)
  }
  assert.deepEqual([statuses, announced.length], [[401, 202, 202, 202, 401], 3])
})

test('where GitLab signs, a token beside the signature counts for nothing', async () => {
  const { send } = createWebhookServer({ secrets: [SIGNING_TOKEN] })
  const { url, body, headers } = webhookOf('gitlab 19', PUSH, OTHER_TOKEN)
  const shown = { ...headers, 'x-gitlab-token': SIGNING_TOKEN }
  assert.equal((await send({ url, body, headers: shown })).statusCode, 401)
})

test('a signing token that is no key in base64 is a secret, and no empty key', async () => {
  const { send } = createWebhookServer({ secrets: ['whsec_*~*~*~*'] })
  const { url, body, headers } = webhookOf('gitlab 19', PUSH, SIGNING_TOKEN)
  const id = headers['webhook-id'] ?? ''
  const digest = createHmac('sha256', '').update(`${id}.${headers['webhook-timestamp']}.${body}`)
  const forged = { ...headers, 'webhook-signature': `v1,${digest.digest('base64')}` }
  assert.equal((await send({ url, body, headers: forged })).statusCode, 401)
})
