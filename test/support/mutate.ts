/** Random numbers that a seed repeats (splitmix32). */
export class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** An unsigned number of 32 bits. */
  word(): number {
    this.#state = (this.#state + 0x9e37_79b9) >>> 0;
    let mixed = this.#state;
    mixed = Math.imul(mixed ^ (mixed >>> 16), 0x21f0_aaad);
    mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a_2d97);
    return (mixed ^ (mixed >>> 15)) >>> 0;
  }

  /** A whole number from 0 to `limit` (excluded). */
  below(limit: number): number {
    return Math.floor(((this.word() + this.word() / 2 ** 32) / 2 ** 32) * limit);
  }

  pick<T>(list: readonly T[]): T {
    return list[this.below(list.length)];
  }

  bytes(length: number): Uint8Array {
    return Uint8Array.from({ length }, () => this.word());
  }
}

/** Numbers at which readers break: borders of types, and sizes just above what is there. */
const NUMBERS = [
  0n,
  1n,
  2n,
  0x7fn,
  0xffn,
  0x7fffn,
  0xffffn,
  0x1000n,
  0x7fff_ffffn,
  0x8000_0000n,
  0xffff_ffffn,
  0x1_0000_0000n,
  1n << 40n,
  (1n << 52n) - 1n,
  1n << 52n,
  (1n << 53n) + 1n,
  (1n << 63n) - 1n,
  1n << 63n,
  (1n << 64n) - 1n,
];

/**
 * A damaged copy: a few changes, most of them near the start, where headers stand. The file
 * may become shorter or longer.
 */
export function mutate(file: Uint8Array, random: Random): Uint8Array {
  let bytes = file.slice();
  const changes = 1 + random.below(4);
  for (let change = 0; change < changes && bytes.length > 0; change++) {
    const reach = random.pick([64, 512, 8192, bytes.length, bytes.length]);
    const at = random.below(Math.min(reach, bytes.length));
    switch (random.below(8)) {
      case 0:
        bytes[at] ^= 1 << random.below(8);
        break;
      case 1:
        bytes[at] = random.word();
        break;
      case 2:
      case 3:
        writeNumber(bytes, at, random);
        break;
      case 4:
        bytes = bytes.slice(0, at);
        break;
      case 5:
        bytes.fill(random.pick([0, 0xff]), at, at + random.below(600));
        break;
      case 6: {
        const from = random.below(bytes.length);
        bytes.copyWithin(at, from, from + random.below(600));
        break;
      }
      default: {
        const extra = random.bytes(random.below(40));
        const longer = new Uint8Array(bytes.length + extra.length);
        longer.set(bytes.subarray(0, at));
        longer.set(extra, at);
        longer.set(bytes.subarray(at), at + extra.length);
        bytes = longer;
      }
    }
  }
  return bytes;
}

/** Puts a number of 16, 32 or 64 bits, of either byte order, at a place that it fits. */
function writeNumber(bytes: Uint8Array, at: number, random: Random): void {
  const size = random.pick([2, 4, 8, 8]);
  const place = Math.min(at - (at % size), bytes.length - size);
  if (place < 0) return;
  const view = new DataView(bytes.buffer);
  const little = random.below(4) > 0;
  const value =
    random.below(3) === 0 ? BigInt(bytes.length + random.below(9) - 4) : random.pick(NUMBERS);
  if (size === 2) view.setUint16(place, Number(value & 0xffffn), little);
  else if (size === 4) view.setUint32(place, Number(value & 0xffff_ffffn), little);
  else view.setBigUint64(place, value, little);
}
