// Amounts of bytes, as users write them and as they are shown.

const POWERS = ['', 'k', 'M', 'G', 'T'] as const
const WRITTEN = /^(?<number>\d+(?:\.\d+)?) *(?:(?<prefix>[kKMGT])(?<binary>i)?)?B?$/

/** The most bytes a setting may ask for: what a number holds exactly. */
const MAX_BYTES = Number.MAX_SAFE_INTEGER

/**
 * Parses `64MiB`, `64Mi` (powers of 1024), `500MB`, `500M` (powers of 1000) or a bare number of
 * bytes. Returns whole bytes, at least one. Throws a RangeError whose message says what is wrong.
 */
export function parseBytes(text: string): number {
  const { number, prefix, binary } = WRITTEN.exec(text.trim())?.groups ?? {}
  const scale = (binary ? 1024 : 1000) ** powerOf(prefix ?? '')
  const bytes = Math.round(Number(number) * scale)
  if (bytes >= 1 && bytes <= MAX_BYTES) return bytes
  throw new RangeError(
    `must be an amount of bytes such as 512MiB, 8GiB or 500M (units k M G T, with i for powers of 1024), not ${JSON.stringify(text.trim().slice(0, 40))}`,
  )
}

/** Bytes in the largest power of 1024 that they fill: `8 GiB`, `1.5 MiB`, `20 bytes`. */
export function formatBytes(bytes: number): string {
  let amount = bytes
  let power = 0
  for (; amount >= 1024 && power < POWERS.length - 1; power++) amount /= 1024
  if (power === 0) return `${bytes} bytes`
  return `${Math.round(amount * 10) / 10} ${POWERS[power]?.toUpperCase()}iB`
}

function powerOf(prefix: string): number {
  return POWERS.findIndex((name) => name.toLowerCase() === prefix.toLowerCase())
}
