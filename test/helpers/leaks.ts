// Secrets, and every form in which one could leak.

/** A secret of its own for each name; it has characters that encodings change. */
export function secretOf(name: string): string {
  return `S3cr+${name}/~ä9`
}

/** The forms of `secret`: plain, percent-encoded, and in base64 at any place, or after a user. */
export function formsOf(secret: string, username: string): string[] {
  const bytes = Buffer.from(secret)
  const inBase64 = [0, 1, 2].flatMap((offset) => {
    const padded = Buffer.concat([Buffer.alloc(offset), bytes])
    // Without the characters that the bytes before and after have a part in.
    const [start, end] = [Math.ceil((offset * 8) / 6), Math.floor((padded.length * 8) / 6)]
    return (['base64', 'base64url'] as const).map((form) => padded.toString(form).slice(start, end))
  })
  const login = Buffer.from(`${username}:${secret}`).toString('base64')
  const percent = encodeURIComponent(secret)
  return [secret, percent, percent.toLowerCase(), login, ...inBase64]
}

/** Which of `secrets` are in `text`, in any form, with the text around each. */
export function findLeaks(text: string, secrets: readonly string[], username: string): string[] {
  return secrets.flatMap((secret) =>
    formsOf(secret, username)
      .filter((form) => text.includes(form))
      .map((form) => {
        const at = text.indexOf(form)
        return `${secret} as ${form} in …${text.slice(Math.max(0, at - 200), at + 100)}…`
      }),
  )
}
