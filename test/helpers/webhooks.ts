// Webhooks as the forges document them, of one push, signed by openssl as each forge signs.
import { execFileSync } from 'node:child_process'
import type { Oid } from '../../src/git/oid.js'

/** A push, where a forge has its repository: `https://HOST` and the parts of its path. */
export interface Push {
  origin: string
  owner: string
  name: string
  /** A branch or a tag. */
  ref: string
  before: Oid
  after: Oid
}

/** A webhook that can be sent. */
export interface Webhook {
  /** The route, with what stands in the address. */
  url: string
  headers: Record<string, string>
  body: string
}

type Sign = (secret: string, body: string) => Record<string, string>

interface ForgeSample {
  headers: Record<string, string>
  sign: Sign
  body: (push: Push) => object
  /** The address of the repository in the payload, as it may stand in a listing. */
  repo: (push: Push) => string
  /** @default `/webhook` */
  url?: (secret: string) => string
}

export const ZEROS = '0'.repeat(40)
/** A key as GitLab makes them. */
export const SIGNING_TOKEN = `whsec_${Buffer.alloc(32, 'key').toString('base64')}`

const AUTHOR = { name: 'Pusher', email: 'pusher@example.com', username: 'pusher' }

/** The HMAC-SHA256 of `text`, by openssl. */
export function hmacHex(key: Buffer | string, text: string): string {
  const hexKey = Buffer.from(key).toString('hex')
  const args = ['dgst', '-sha256', '-mac', 'HMAC', '-macopt', `hexkey:${hexKey}`, '-r']
  const output = execFileSync('openssl', args, { input: text, encoding: 'utf8' })
  return output.split(' ')[0] ?? ''
}

/** The headers of Standard Webhooks, signed at `timestamp`, in seconds since the epoch. */
export function standardSignature(
  secret: string,
  body: string,
  timestamp = Math.floor(Date.now() / 1000),
): Record<string, string> {
  const id = 'f5f1a1ea-6b2e-4c5a-8a5e-1b4d0f8b1f5c'
  const key = Buffer.from(secret.slice('whsec_'.length), 'base64')
  const digest = Buffer.from(hmacHex(key, `${id}.${timestamp}.${body}`), 'hex').toString('base64')
  return {
    'webhook-id': id,
    'webhook-timestamp': String(timestamp),
    'webhook-signature': `v1,${digest}`,
  }
}

const basic: Sign = (secret) => ({
  authorization: `Basic ${Buffer.from(`hook:${secret}`).toString('base64')}`,
})
const inHex =
  (...names: readonly string[]): Sign =>
  (secret, body) =>
    Object.fromEntries(names.map((name) => [name, hmacHex(secret, body)]))
const prefixed =
  (name: string): Sign =>
  (secret, body) => ({ [name]: `sha256=${hmacHex(secret, body)}` })

/** By the name of each forge, its webhooks; those of GitLab twice, as it signs from version 19 on. */
export const FORGE_SAMPLES: Readonly<Record<string, ForgeSample>> = {
  github: {
    headers: {
      'content-type': 'application/json',
      'user-agent': 'GitHub-Hookshot/044aadd',
      'x-github-delivery': '72d3162e-cc78-11e3-81ab-4c9367dc0958',
      'x-github-event': 'push',
      'x-github-hook-id': '292430182',
    },
    sign: prefixed('x-hub-signature-256'),
    body: (push) => githubLike(push),
    repo: ({ origin, owner, name }) => `${origin}/${owner}/${name}.git`,
  },
  gitea: {
    headers: {
      'content-type': 'application/json',
      'x-gitea-delivery': 'f6266f16-1bf3-46a5-9ea4-602e06ead473',
      'x-gitea-event': 'push',
      'x-gogs-event': 'push',
      'x-github-event': 'push',
    },
    sign: (secret, body) => ({
      ...inHex('x-gitea-signature', 'x-gogs-signature')(secret, body),
      ...prefixed('x-hub-signature-256')(secret, body),
    }),
    body: (push) => githubLike(push),
    repo: ({ origin, owner, name }) => `${origin}/${owner}/${name}.git`,
  },
  forgejo: {
    headers: {
      'content-type': 'application/json',
      'x-forgejo-delivery': 'f6266f16-1bf3-46a5-9ea4-602e06ead473',
      'x-forgejo-event': 'push',
      'x-gitea-event': 'push',
      'x-github-event': 'push',
    },
    sign: inHex('x-forgejo-signature', 'x-gitea-signature'),
    body: (push) => githubLike(push),
    repo: ({ origin, owner, name }) => `${origin}/${owner}/${name}.git`,
  },
  gitlab: {
    headers: {
      'content-type': 'application/json',
      'x-gitlab-event': 'Push Hook',
      'x-gitlab-instance': 'https://gitlab.example.com',
      'x-gitlab-event-uuid': '13792a34-cac6-4fda-95a8-c58e00a3954e',
    },
    sign: (secret) => ({ 'x-gitlab-token': secret }),
    body: gitlabPush,
    repo: ({ origin, owner, name }) => `${origin}/${owner}/${name}.git`,
  },
  'gitlab 19': {
    headers: { 'content-type': 'application/json', 'x-gitlab-event': 'System Hook' },
    sign: standardSignature,
    body: ({ ...push }) => ({ ...gitlabPush(push), object_kind: undefined }),
    repo: ({ origin, owner, name }) => `${origin}/${owner}/${name}.git`,
  },
  'bitbucket-cloud': {
    headers: {
      'content-type': 'application/json',
      'user-agent': 'Bitbucket-Webhooks/2.0',
      'x-event-key': 'repo:push',
      'x-hook-uuid': '7c17d44e-12e2-4da8-a24d-82b74d8e61d8',
      'x-attempt-number': '1',
    },
    sign: prefixed('x-hub-signature'),
    body: bitbucketCloudPush,
    repo: ({ origin, owner, name }) => `${origin}/${owner}/${name}`,
  },
  'bitbucket-data-center': {
    headers: {
      'content-type': 'application/json; charset=utf-8',
      'x-event-key': 'repo:refs_changed',
      'x-request-id': '1c5b0ef5-2b7d-4b4d-9a0a-2c6b8a7b1b1e',
    },
    sign: prefixed('x-hub-signature'),
    body: bitbucketDataCenterPush,
    repo: ({ origin, owner, name }) => `${origin}/scm/${owner}/${name}.git`,
  },
  'azure-devops': {
    headers: {
      'content-type': 'application/json; charset=utf-8',
      'x-vss-activityid': '7f4b1e0c-90a5-4b86-b3a7-1f6f9f4a7e4d',
      'x-vss-subscriptionid': '8fd412f1-9873-4b45-8854-655b1b8a2eff',
    },
    sign: basic,
    body: azurePush,
    repo: ({ origin, owner, name }) => `${origin}/${owner}/_git/${name}`,
  },
  gerrit: {
    headers: { 'content-type': 'application/json' },
    sign: () => ({}),
    body: ({ owner, name, ref, before, after }) => ({
      submitter: AUTHOR,
      refUpdate: { oldRev: before, newRev: after, refName: ref, project: `${owner}/${name}` },
      type: 'ref-updated',
      eventCreatedOn: 1_700_147_670,
    }),
    repo: ({ origin, owner, name }) => `${origin}/a/${owner}/${name}`,
    url: (secret) => `/webhook?secret=${encodeURIComponent(secret)}`,
  },
  generic: {
    headers: { 'content-type': 'application/json' },
    sign: (secret) => ({ authorization: `Bearer ${secret}` }),
    body: ({ origin, owner, name, ref, after }) => ({
      repo: `${origin}/${owner}/${name}`,
      ref,
      oid: after,
    }),
    repo: ({ origin, owner, name }) => `${origin}/${owner}/${name}`,
  },
}

/** The webhook of a forge, by its name in {@link FORGE_SAMPLES}, as it sends it. */
export function webhookOf(forge: string, push: Push, secret: string): Webhook {
  const sample = FORGE_SAMPLES[forge]
  if (!sample) throw new Error(`there is no forge ${forge}`)
  const body = JSON.stringify(sample.body(push))
  const url = sample.url?.(secret) ?? '/webhook'
  return { url, headers: { ...sample.headers, ...sample.sign(secret, body) }, body }
}

function sshOf({ origin, owner, name }: Push): string {
  return `git@${new URL(origin).hostname}:${owner}/${name}.git`
}

/** https://docs.github.com/webhooks/webhook-events-and-payloads#push */
function githubLike(push: Push): object {
  const { origin, owner, name, ref, before, after } = push
  const html = `${origin}/${owner}/${name}`
  const commit = {
    id: after,
    message: 'Update README.md',
    timestamp: '2024-05-15T15:20:41-07:00',
    url: `${html}/commit/${after}`,
    author: AUTHOR,
    committer: AUTHOR,
    added: [],
    removed: [],
    modified: ['README.md'],
  }
  return {
    ref,
    before,
    after,
    repository: {
      id: 186_853_002,
      name,
      full_name: `${owner}/${name}`,
      private: false,
      owner: { name: owner, login: owner },
      html_url: html,
      url: html,
      git_url: `git://${new URL(origin).host}/${owner}/${name}.git`,
      ssh_url: sshOf(push),
      clone_url: `${html}.git`,
      default_branch: 'main',
    },
    pusher: AUTHOR,
    created: before === ZEROS,
    deleted: after === ZEROS,
    forced: false,
    compare: `${html}/compare/${before.slice(0, 12)}...${after.slice(0, 12)}`,
    commits: [commit],
    head_commit: commit,
  }
}

/** https://docs.gitlab.com/user/project/integrations/webhook_events/#push-events */
function gitlabPush(push: Push): object {
  const { origin, owner, name, ref, before, after } = push
  const kind = ref.startsWith('refs/tags/') ? 'tag_push' : 'push'
  return {
    object_kind: kind,
    event_name: kind,
    before,
    after,
    ref,
    ref_protected: true,
    checkout_sha: after === ZEROS ? null : after,
    user_id: 4,
    user_name: AUTHOR.name,
    user_username: AUTHOR.username,
    project_id: 15,
    project: {
      id: 15,
      name,
      web_url: `${origin}/${owner}/${name}`,
      avatar_url: null,
      git_ssh_url: sshOf(push),
      git_http_url: `${origin}/${owner}/${name}.git`,
      namespace: owner,
      visibility_level: 0,
      path_with_namespace: `${owner}/${name}`,
      default_branch: 'main',
    },
    commits: [],
    total_commits_count: 0,
  }
}

/** https://support.atlassian.com/bitbucket-cloud/docs/event-payloads/#Push */
function bitbucketCloudPush({ origin, owner, name, ref, before, after }: Push): object {
  const [, kind, short] = /^refs\/(heads|tags)\/(.*)$/.exec(ref) ?? []
  const side = (hash: Oid) =>
    hash === ZEROS
      ? null
      : { type: kind === 'tags' ? 'tag' : 'branch', name: short, target: { type: 'commit', hash } }
  return {
    actor: { type: 'user', display_name: AUTHOR.name },
    repository: {
      type: 'repository',
      name,
      full_name: `${owner}/${name}`,
      links: {
        self: { href: `https://api.bitbucket.org/2.0/repositories/${owner}/${name}` },
        html: { href: `${origin}/${owner}/${name}` },
      },
      is_private: true,
    },
    push: {
      changes: [
        {
          new: side(after),
          old: side(before),
          created: before === ZEROS,
          closed: after === ZEROS,
          forced: false,
          truncated: false,
        },
      ],
    },
  }
}

/** https://confluence.atlassian.com/bitbucketserver/event-payload-938025882.html */
function bitbucketDataCenterPush({ origin, owner, name, ref, before, after }: Push): object {
  const { hostname } = new URL(origin)
  const [, kind, displayId] = /^refs\/(heads|tags)\/(.*)$/.exec(ref) ?? []
  return {
    eventKey: 'repo:refs_changed',
    date: '2024-06-17T19:37:57+1000',
    actor: { name: AUTHOR.username, emailAddress: AUTHOR.email, type: 'NORMAL' },
    repository: {
      slug: name,
      id: 656,
      name,
      scmId: 'git',
      state: 'AVAILABLE',
      project: { key: owner.toUpperCase(), id: 389, type: 'NORMAL' },
      public: false,
      links: {
        clone: [
          { href: `ssh://git@${hostname}:7999/${owner}/${name}.git`, name: 'ssh' },
          { href: `${origin}/scm/${owner}/${name}.git`, name: 'http' },
        ],
        self: [{ href: `${origin}/projects/${owner}/repos/${name}/browse` }],
      },
    },
    changes: [
      {
        ref: { id: ref, displayId, type: kind === 'tags' ? 'TAG' : 'BRANCH' },
        refId: ref,
        fromHash: before,
        toHash: after,
        type: after === ZEROS ? 'DELETE' : 'UPDATE',
      },
    ],
  }
}

/** https://learn.microsoft.com/azure/devops/service-hooks/events#git.push */
function azurePush({ origin, owner, name, ref, before, after }: Push): object {
  return {
    subscriptionId: '8fd412f1-9873-4b45-8854-655b1b8a2eff',
    notificationId: 2,
    id: '09b0b950-47fa-4f45-8b65-5a22686314f8',
    eventType: 'git.push',
    publisherId: 'tfs',
    message: { text: `${AUTHOR.name} pushed updates to ${name}` },
    resource: {
      commits: [{ commitId: after, author: AUTHOR, comment: 'Update README.md' }],
      refUpdates: [{ name: ref, oldObjectId: before, newObjectId: after }],
      repository: {
        id: 'ba2967cc-02c2-414c-8d10-1b99197cbaa6',
        name,
        defaultBranch: 'refs/heads/main',
        remoteUrl: `${origin}/${owner}/_git/${name}`,
      },
      pushedBy: { displayName: AUTHOR.name, uniqueName: AUTHOR.email },
      pushId: 4,
    },
    resourceVersion: '1.0',
    createdDate: '2024-08-09T00:45:49.3448928Z',
  }
}
