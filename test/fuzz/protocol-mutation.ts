// Real answers of a git server, damaged packet line by packet line.
import fc from 'fast-check'
import { encodePkt } from '../../src/git/pkt-line.js'

const KINDS = [
  'drop',
  'repeat',
  'swap',
  'special',
  'length',
  'byte',
  'splice',
  'insert',
  'band',
  'cut',
] as const

/** One change to an answer; which line and which byte are meant modulo what there is. */
export interface ProtocolMutation {
  kind: (typeof KINDS)[number]
  line: number
  at: number
  value: number
  text: string
}

const SPECIAL = ['0000', '0001', '0002', '0003', '0004', 'fff0', 'ffff', 'zzzz', '']
const WORDS = [
  'ERR out of order',
  'packfile\n',
  'NAK\n',
  'version 1\n',
  'version 2\n',
  '# service=git-upload-pack\n',
  'object-format=sha256\n',
  'object-format=sha512\n',
  `shallow ${'1'.repeat(40)}\n`,
  `${'1'.repeat(40)} refs/heads/main^{}\n`,
  `${'2'.repeat(64)} HEAD\n`,
  `unborn HEAD symref-target:refs/heads/main\n`,
  '\0',
  'x'.repeat(5000),
]

/** Some changes to an answer; the fewer the more likely. */
export const protocolMutations: fc.Arbitrary<ProtocolMutation[]> = fc.array(
  fc.record({
    kind: fc.constantFrom(...KINDS),
    line: fc.nat(1000),
    at: fc.nat(100_000),
    value: fc.nat(0xff),
    text: fc.oneof(fc.constantFrom(...WORDS), fc.string()),
  }),
  { maxLength: 4, size: 'small' },
)

/** An answer of real git, changed. */
export function mutateAnswer(answer: Buffer, mutations: readonly ProtocolMutation[]): Buffer {
  const lines = splitLines(answer)
  let end = Number.POSITIVE_INFINITY
  for (const { kind, line, at, value, text } of mutations) {
    const index = line % Math.max(1, lines.length)
    const chosen = lines[index]
    if (!chosen) continue
    switch (kind) {
      case 'drop':
        lines.splice(index, 1)
        break
      case 'repeat':
        lines.splice(
          at % lines.length,
          0,
          ...Array.from({ length: 1 + (value % 50) }, () => chosen),
        )
        break
      case 'swap':
        lines.splice(at % lines.length, 0, ...lines.splice(index, 1))
        break
      case 'special':
        lines.splice(index, value % 2, Buffer.from(SPECIAL[at % SPECIAL.length] ?? ''))
        break
      case 'length':
        lines[index] = withByte(chosen, at % 4, value % 2 ? value : (chosen[at % 4] ?? 0) ^ 1)
        break
      case 'byte':
        lines[index] =
          chosen.length > 4 ? withByte(chosen, 4 + (at % (chosen.length - 4)), value) : chosen
        break
      case 'splice': {
        const keep = 4 + (at % Math.max(1, chosen.length - 4))
        lines[index] = encodePkt(Buffer.concat([chosen.subarray(4, keep), Buffer.from(text)]))
        break
      }
      case 'insert':
        lines.splice(index, 0, encodePkt(text))
        break
      case 'band':
        lines.splice(
          index,
          0,
          encodePkt(Buffer.concat([Buffer.from([value % 5]), Buffer.from(text)])),
        )
        break
      case 'cut':
        end = at
    }
  }
  const bytes = Buffer.concat(lines)
  return bytes.subarray(
    0,
    end === Number.POSITIVE_INFINITY ? bytes.length : end % (bytes.length + 1),
  )
}

/** The packet lines with their lengths. */
function splitLines(answer: Buffer): Buffer[] {
  const lines: Buffer[] = []
  for (let start = 0; start < answer.length; ) {
    const length = Math.max(4, Number.parseInt(answer.toString('latin1', start, start + 4), 16))
    lines.push(answer.subarray(start, start + length))
    start += length
  }
  return lines
}

function withByte(bytes: Buffer, at: number, value: number): Buffer {
  const copy = Buffer.from(bytes)
  copy[at] = value
  return copy
}
