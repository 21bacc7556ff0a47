// Why a request is not taken, as it is answered.

/** How a webhook can end, as metrics count it. */
const WEBHOOK_RESULTS = [
  'matched',
  'unmatched',
  'ignored',
  'unauthorized',
  'malformed',
  'too-large',
  'throttled',
  'unavailable',
] as const
export type WebhookResult = (typeof WEBHOOK_RESULTS)[number]

const STATUS = {
  unauthorized: 401,
  malformed: 400,
  'too-large': 413,
  throttled: 429,
  unavailable: 503,
} as const

/** The message is for whoever looks at the deliveries of the forge. */
export class Refusal extends Error {
  override readonly name = 'Refusal'
  readonly result: keyof typeof STATUS

  constructor(result: keyof typeof STATUS, message: string) {
    super(message)
    this.result = result
  }

  get status(): number {
    return STATUS[this.result]
  }
}
