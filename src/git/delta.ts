// Applies a delta to its base. https://git-scm.com/docs/pack-format#_deltified_representation
import { constants } from 'node:buffer'
import type { ByteSource } from './byte-source.js'
import { corrupt } from './corrupt.js'

/**
 * The object that `delta` makes of `base`. Throws `pack-corrupt` where a size or an instruction
 * does not fit, before any memory is asked for.
 */
export function applyDelta(base: Buffer, delta: Buffer): Buffer {
  const baseSize = decodeDeltaSize(delta, 0)
  if (baseSize.size !== base.length) throw corrupt('has a delta that does not belong to its base')
  const { size, end } = decodeDeltaSize(delta, baseSize.end)
  if (size > constants.MAX_LENGTH || size !== measure(base, delta, end)) {
    throw corrupt('has a delta that does not make what it says')
  }
  const result = Buffer.allocUnsafe(size)
  let written = 0
  for (let position = end; position < delta.length; ) {
    const instruction = decodeInstruction(delta, position)
    const { isCopy, start, length } = instruction
    const source = isCopy ? base : delta
    source.copy(result, written, start, start + length)
    written += length
    position = instruction.end
  }
  return result
}

/** The sizes a delta states, in bytes, and where its instructions start. */
export interface DeltaHeader {
  baseSize: number
  size: number
  end: number
}

/** The longest a delta's two sizes, or one of its instructions, can be. */
const MAX_STEP_BYTES = 128

/** Decodes the sizes at the start of a delta. */
export function decodeDeltaHeader(delta: ByteSource): DeltaHeader {
  const bytes = delta.read(0, Math.min(MAX_STEP_BYTES, delta.length))
  const base = decodeDeltaSize(bytes, 0)
  const { size, end } = decodeDeltaSize(bytes, base.end)
  return { baseSize: base.size, size, end }
}

/**
 * Yields, piece by piece, the object that `delta` makes of `base`; a piece is valid until the
 * next. Throws `pack-corrupt` where a size or an instruction does not fit.
 */
export function* deltaPieces(base: ByteSource, delta: ByteSource): Generator<Buffer> {
  const { baseSize, size, end } = decodeDeltaHeader(delta)
  if (baseSize !== base.length) throw corrupt('has a delta that does not belong to its base')
  let left = size
  for (let position = end; position < delta.length; ) {
    const bytes = delta.read(position, Math.min(position + MAX_STEP_BYTES, delta.length))
    const { isCopy, start, length, end: next } = decodeInstruction(bytes, 0)
    left -= length
    if (left < 0) throw corrupt('has a delta that does not make what it says')
    if (isCopy && start + length > base.length) {
      throw corrupt('has a delta that copies beyond its base')
    }
    yield isCopy ? base.read(start, start + length) : bytes.subarray(start, start + length)
    position += next
  }
  if (left > 0) throw corrupt('has a delta that does not make what it says')
}

/** How many bytes the instructions from `start` make. Throws where one cannot be followed. */
function measure(base: Buffer, delta: Buffer, start: number): number {
  let size = 0
  for (let position = start; position < delta.length; ) {
    const instruction = decodeInstruction(delta, position)
    if (instruction.isCopy && instruction.start + instruction.length > base.length) {
      throw corrupt('has a delta that copies beyond its base')
    }
    size += instruction.length
    position = instruction.end
  }
  return size
}

interface Instruction {
  /** Whether the bytes come from the base, else from the delta itself. */
  isCopy: boolean
  /** Where the bytes start. */
  start: number
  length: number
  /** Where the next instruction starts. */
  end: number
}

function decodeInstruction(delta: Buffer, position: number): Instruction {
  const opcode = delta[position] as number
  if (opcode === 0) throw corrupt('has a delta with a reserved instruction')
  const instruction =
    opcode & 0x80
      ? decodeCopy(delta, position + 1, opcode)
      : { isCopy: false, start: position + 1, length: opcode, end: position + 1 + opcode }
  if (instruction.end > delta.length) throw corrupt('has a delta that ends too early')
  return instruction
}

/** Up to four bytes of offset and three of length, each present where its bit is set. */
function decodeCopy(delta: Buffer, position: number, opcode: number): Instruction {
  let end = position
  let start = 0
  let length = 0
  if (opcode & 0x01) start = delta[end++] ?? 0
  if (opcode & 0x02) start += (delta[end++] ?? 0) * 0x100
  if (opcode & 0x04) start += (delta[end++] ?? 0) * 0x10000
  if (opcode & 0x08) start += (delta[end++] ?? 0) * 0x1000000
  if (opcode & 0x10) length = delta[end++] ?? 0
  if (opcode & 0x20) length += (delta[end++] ?? 0) * 0x100
  if (opcode & 0x40) length += (delta[end++] ?? 0) * 0x10000
  return { isCopy: true, start, length: length || 0x10000, end }
}

/** A little-endian number, seven bits a byte. */
function decodeDeltaSize(delta: Buffer, start: number): { size: number; end: number } {
  let size = 0
  let scale = 1
  let position = start
  for (;;) {
    const byte = delta[position++]
    if (byte === undefined || scale > 2 ** 49) throw corrupt('has a delta without its sizes')
    size += (byte & 0x7f) * scale
    scale *= 128
    if (!(byte & 0x80)) return { size, end: position }
  }
}
