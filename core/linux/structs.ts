import { KIND, type Btf, type MemberPlace } from './btf.ts';
import { decodeText, type VirtualMemory } from './paging.ts';

/** Longest text that a `char *` member is followed for. */
const MAX_TEXT = 4096;

/**
 * Typed access to the kernel's structures: members by name, their places from BTF. A member that
 * this kernel does not have, or a page that is missing, gives undefined and is noted; `has` asks
 * without noting.
 */
export class StructReader {
  readonly memory: VirtualMemory;
  readonly #btf: Btf;

  constructor(memory: VirtualMemory, btf: Btf) {
    this.memory = memory;
    this.#btf = btf;
  }

  /** Whether this kernel has the structure, or the member of it. */
  has(struct: string, path?: string): boolean {
    const id = this.#btf.struct(struct);
    return id !== undefined && (path === undefined || this.#btf.member(id, path) !== undefined);
  }

  /** Bytes from the structure's start to the member. */
  offsetOf(struct: string, path: string): number | undefined {
    const place = this.#place(struct, path);
    return place && Math.floor(place.bitOffset / 8);
  }

  /** Bytes of a structure. */
  sizeOf(struct: string): number | undefined {
    const id = this.#btf.struct(struct);
    if (id === undefined) this.#noteStruct(struct);
    return id === undefined ? undefined : this.#btf.sizeOf(id);
  }

  /** Bytes of a member. */
  memberSize(struct: string, path: string): number | undefined {
    const place = this.#place(struct, path);
    return place && this.#btf.sizeOf(place.type);
  }

  /** Elements of an array member. */
  memberCount(struct: string, path: string): number | undefined {
    const place = this.#place(struct, path);
    return place && this.#btf.arrayOf(place.type)?.count;
  }

  /** Address of a member of the structure at `address`. */
  addressOf(struct: string, address: bigint, path: string): bigint | undefined {
    const offset = this.offsetOf(struct, path);
    return offset === undefined ? undefined : address + BigInt(offset);
  }

  /** Address of the structure whose member is at `address`: container_of. */
  containerOf(struct: string, path: string, address: bigint): bigint | undefined {
    const offset = this.offsetOf(struct, path);
    return offset === undefined ? undefined : address - BigInt(offset);
  }

  /** An integer, enumeration, pointer or bitfield member, as an unsigned value. */
  field(struct: string, address: bigint, path: string): bigint | undefined {
    const place = this.#place(struct, path);
    if (!place) return undefined;
    const first = place.bitOffset >> 3;
    const bits = place.bitWidth || 8 * (this.#btf.sizeOf(place.type) ?? 0);
    if (bits === 0 || bits > 64) {
      this.memory.notes.missing(`${struct}.${path} is no number in this kernel.`);
      return undefined;
    }
    const shift = place.bitOffset & 7;
    const bytes = this.memory.read(address + BigInt(first), Math.ceil((shift + bits) / 8));
    if (!bytes) return undefined;
    let value = 0n;
    for (let i = bytes.length - 1; i >= 0; i--) value = (value << 8n) | BigInt(bytes[i]);
    return BigInt.asUintN(bits, value >> BigInt(shift));
  }

  /** A member of at most 32 bits, or any that is known to be small, as a number. */
  number(struct: string, address: bigint, path: string): number | undefined {
    const value = this.field(struct, address, path);
    return value === undefined ? undefined : Number(value);
  }

  /** Text of a `char[]` member, or of what a `char *` member points to. */
  text(struct: string, address: bigint, path: string): string | undefined {
    const place = this.#place(struct, path);
    if (!place) return undefined;
    const at = address + BigInt(place.bitOffset >> 3);
    if (this.#btf.kindOf(place.type) === KIND.ARRAY) {
      const bytes = this.memory.read(at, Math.min(this.#btf.sizeOf(place.type) ?? 0, MAX_TEXT));
      if (!bytes) return undefined;
      const end = bytes.indexOf(0);
      return decodeText([end < 0 ? bytes : bytes.subarray(0, end)]);
    }
    const pointer = this.memory.u64(at);
    return pointer === undefined || pointer === 0n
      ? undefined
      : this.memory.text(pointer, MAX_TEXT);
  }

  #place(struct: string, path: string): MemberPlace | undefined {
    const id = this.#btf.struct(struct);
    if (id === undefined) {
      this.#noteStruct(struct);
      return undefined;
    }
    const place = this.#btf.member(id, path);
    if (!place)
      this.memory.notes.missing(`This kernel's structure ${struct} has no member ${path}.`);
    return place;
  }

  #noteStruct(struct: string): void {
    this.memory.notes.missing(`This kernel's type information has no structure ${struct}.`);
  }
}
