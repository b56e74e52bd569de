import { KIND } from '../../../core/linux/btf.ts';

export interface FakeMember {
  readonly name: string;
  readonly type: number;
  /** Bytes, or bits where `bits` is given. */
  readonly at: number;
  /** Width of a bitfield; `at` then counts bits. */
  readonly bits?: number;
}

/** Writes BTF records one by one; every method gives the new type's id. */
export class BtfImage {
  readonly #types: number[] = [];
  readonly #strings: number[] = [];
  readonly #stringsFrom: number;
  #next: number;

  /** @param base the kernel's own, for a module's */
  constructor(base?: BtfImage) {
    this.#next = base ? base.#next : 1;
    this.#stringsFrom = base ? base.#stringsFrom + base.#strings.length : 0;
    if (!base) this.#strings.push(0);
  }

  int(name: string, bytes: number): number {
    return this.#record(name, KIND.INT, 0, bytes, [8 * bytes]);
  }

  pointer(to: number): number {
    return this.#record('', KIND.PTR, 0, to, []);
  }

  array(element: number, count: number): number {
    return this.#record('', KIND.ARRAY, 0, 0, [element, element, count]);
  }

  /** typedef, const, volatile, restrict or type tag. */
  wrap(kind: number, to: number, name = ''): number {
    return this.#record(name, kind, 0, to, []);
  }

  struct(
    name: string,
    bytes: number,
    members: readonly FakeMember[],
    kind: number = KIND.STRUCT,
  ): number {
    const flagged = members.some((member) => member.bits !== undefined);
    const words = members.flatMap((member) => {
      const bitOffset = member.bits === undefined ? 8 * member.at : member.at;
      const offset = flagged ? bitOffset | ((member.bits ?? 0) << 24) : bitOffset;
      return [this.#string(member.name), member.type, offset];
    });
    return this.#record(name, kind, members.length, bytes, words, flagged);
  }

  union(name: string, bytes: number, members: readonly FakeMember[]): number {
    return this.struct(name, bytes, members, KIND.UNION);
  }

  /** A record of any kind, with its trailing words as they are. */
  raw(
    name: string,
    kind: number,
    vlen: number,
    sizeOrType: number,
    words: readonly number[],
  ): number {
    return this.#record(name, kind, vlen, sizeOrType, words);
  }

  /** @param header bytes of the header: 24, or more as newer tools write */
  bytes(header = 24): Uint8Array {
    const out = new Uint8Array(header + this.#types.length + this.#strings.length);
    const view = new DataView(out.buffer);
    view.setUint16(0, 0xeb9f, true);
    view.setUint8(2, 1);
    view.setUint32(4, header, true);
    view.setUint32(8, 0, true);
    view.setUint32(12, this.#types.length, true);
    view.setUint32(16, this.#types.length, true);
    view.setUint32(20, this.#strings.length, true);
    out.set(this.#types, header);
    out.set(this.#strings, header + this.#types.length);
    return out;
  }

  #record(
    name: string,
    kind: number,
    vlen: number,
    sizeOrType: number,
    words: readonly number[],
    flag = false,
  ): number {
    const info = ((flag ? 0x80000000 : 0) | (kind << 24) | vlen) >>> 0;
    for (const word of [this.#string(name), info, sizeOrType, ...words])
      this.#types.push(word & 255, (word >>> 8) & 255, (word >>> 16) & 255, word >>> 24);
    return this.#next++;
  }

  #string(text: string): number {
    if (text === '') return 0;
    const at = this.#stringsFrom + this.#strings.length;
    this.#strings.push(...new TextEncoder().encode(text), 0);
    return at;
  }
}
