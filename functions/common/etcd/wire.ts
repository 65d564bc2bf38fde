/**
 * Protocol buffers by hand, for the two messages that carry a whole catalog: the general codec makes eight objects a key,
 * which costs more than everything else an archive does (docs/decisions/0004). Only what these two messages need.
 */
const VARINT = 0;
const FIXED64 = 1;
const LENGTH = 2;
const FIXED32 = 5;

/** Reads one message; moves over its fields. */
export class WireReader {
  readonly bytes: Buffer;
  position: number;
  readonly end: number;
  /** Of the field that `next` found. */
  field = 0;
  private type = 0;

  constructor(bytes: Buffer, start = 0, end = bytes.length) {
    this.bytes = bytes;
    this.position = start;
    this.end = end;
  }

  /** Moves to the next field; false at the end of the message. */
  next(): boolean {
    if (this.position >= this.end) return false;
    const tag = this.varint();
    this.field = tag >>> 3;
    this.type = tag & 7;
    return true;
  }

  /** Exact up to 2^53; above only good to be compared with zero. */
  varint(): number {
    let value = 0;
    let factor = 1;
    for (;;) {
      const byte = this.bytes[this.position];
      if (byte === undefined || this.position >= this.end) throw new RangeError('The message ends within a number.');
      this.position += 1;
      value += (byte & 0x7f) * factor;
      if (byte < 0x80) return value;
      factor *= 128;
    }
  }

  /** Moves behind a field of bytes and returns where they begin; they end at the new position. */
  span(): number {
    const length = this.varint();
    const start = this.position;
    this.position += length;
    if (this.position > this.end) throw new RangeError('The message ends within a field.');
    return start;
  }

  skip(): void {
    if (this.type === VARINT) this.varint();
    else if (this.type === LENGTH) this.span();
    else if (this.type === FIXED64) this.position += 8;
    else if (this.type === FIXED32) this.position += 4;
    else throw new RangeError(`A field of wire type ${this.type} is not part of protocol buffers 3.`);
  }
}

export function varintSize(value: number): number {
  let size = 1;
  for (let left = value; left >= 128; left = Math.floor(left / 128)) size += 1;
  return size;
}

/** Writes `value` at `position`; returns the position behind it. */
export function writeVarint(target: Buffer, value: number, position: number): number {
  let left = value;
  let at = position;
  while (left >= 128) {
    target[at] = (left % 128) | 0x80;
    left = Math.floor(left / 128);
    at += 1;
  }
  target[at] = left;
  return at + 1;
}

/** The tag of a field of bytes, strings or messages; field numbers up to 15. */
export const lengthTag = (field: number) => (field << 3) | LENGTH;
export const varintTag = (field: number) => field << 3;
