import type { Kernel } from '../../../core/linux/kernel.ts';
import { openKernel } from './kernels.ts';
import { BtfImage, type FakeMember } from './btf-image.ts';
import { FakeKernel, type FakeKernelOptions } from './fake-kernel.ts';
import { kallsymsImage, type FakeSymbol, type TableOrder } from './kallsyms-image.ts';

/** `u8` to `u64`, `pointer`, `char[N]`, `struct NAME`, `NAME[N]`, or `bits:N`. */
export type MemberType = string;
export type Members = Readonly<Record<string, MemberType>>;
type Values = Readonly<Record<string, bigint | number | string>>;

interface Placed {
  readonly at: number;
  readonly type: MemberType;
}
interface Struct {
  readonly size: number;
  readonly members: ReadonlyMap<string, Placed>;
}

const SIZES: Readonly<Record<string, number>> = { u8: 1, u16: 2, u32: 4, u64: 8, pointer: 8 };
const OBJECTS = 0x1c00000n;
const TABLES = 0x1200000n;
const TYPES = 0x1300000n;
const DIRECT_MAP = 0xff11000000000000n;
/** Physical memory that the direct map reaches. */
const DIRECT_BASE = 0x40000000n;

/**
 * A kernel made by a test: structures by member names, objects, lists and symbols, laid out and
 * described (BTF, kallsyms, VMCOREINFO) as a real one. Members are placed in an order that
 * `shuffle` decides, so that nothing can rest on offsets.
 */
export class WholeKernel {
  readonly kernel: FakeKernel;
  readonly #structs = new Map<string, Struct>();
  readonly #order: string[] = [];
  readonly #symbols: FakeSymbol[] = [];
  readonly #shuffle: (members: [string, MemberType][]) => [string, MemberType][];
  #next: bigint;
  #nextPage = 0n;

  constructor(
    options: FakeKernelOptions & {
      readonly shuffle?: (m: [string, MemberType][]) => [string, MemberType][];
    } = {},
  ) {
    this.kernel = new FakeKernel({ fiveLevels: true, ...options });
    this.#shuffle = options.shuffle ?? ((members) => members);
    this.#next = this.kernel.stext + OBJECTS;
    this.#symbols.push({ type: 'T', name: '_stext', address: this.kernel.stext });
    this.struct('list_head', { next: 'pointer', prev: 'pointer' });
    this.variable('page_offset_base', 'u64', DIRECT_MAP);
    this.variable('vmalloc_base', 'u64', DIRECT_MAP + 0x1000000000n);
  }

  /** Declares a structure; those that it contains come first. */
  struct(name: string, members: Members): void {
    const placed = new Map<string, Placed>();
    let at = 0;
    let bit = 0;
    // A list_head is next and prev, in every kernel.
    const entries = Object.entries(members);
    const ordered = name === 'list_head' ? entries : this.#shuffle(entries);
    for (const [member, type] of ordered) {
      if (type.startsWith('bits:')) {
        placed.set(member, { at: 8 * at + bit, type });
        bit += Number(type.slice(5));
        continue;
      }
      at += Math.ceil(bit / 8);
      bit = 0;
      at = Math.ceil(at / 8) * 8;
      placed.set(member, { at, type });
      at += this.#size(type);
    }
    this.#structs.set(name, {
      size: Math.ceil((at + Math.ceil(bit / 8)) / 8) * 8,
      members: placed,
    });
    this.#order.push(name);
  }

  symbol(name: string, address: bigint): void {
    this.#symbols.push({ type: 'D', name, address });
  }

  /** A global variable of a plain type, with its value. */
  variable(name: string, type: 'u32' | 'u64', value: bigint): bigint {
    const address = this.#allocate(8);
    this.kernel.writeWord(address, type === 'u32' ? BigInt.asUintN(32, value) : value);
    this.symbol(name, address);
    return address;
  }

  text(text: string): bigint {
    const address = this.#allocate(text.length + 1);
    this.kernel.write(address, new TextEncoder().encode(`${text}\0`));
    return address;
  }

  /** An object with values by member; texts for char arrays, or for pointers to text. */
  object(struct: string, values: Values = {}): bigint {
    const address = this.#allocate(this.#structs.get(struct)!.size);
    for (const [path, value] of Object.entries(values)) this.set(struct, address, path, value);
    return address;
  }

  /** A global object. */
  global(symbol: string, struct: string, values: Values = {}): bigint {
    const address = this.object(struct, values);
    this.symbol(symbol, address);
    return address;
  }

  set(struct: string, address: bigint, path: string, value: bigint | number | string): void {
    const { at, type } = this.#find(struct, path);
    if (typeof value === 'string' && type === 'pointer') {
      this.kernel.writeWord(address + BigInt(at), this.text(value));
      return;
    }
    if (typeof value === 'string') {
      this.kernel.write(address + BigInt(at), new TextEncoder().encode(value));
      return;
    }
    if (type.startsWith('bits:')) {
      const byte = address + BigInt(Math.floor(at / 8));
      this.kernel.write(byte, Uint8Array.of(Number(value) << (at % 8)));
      return;
    }
    const bytes = new Uint8Array(SIZES[type]);
    for (let i = 0; i < bytes.length; i++)
      bytes[i] = Number((BigInt.asUintN(64, BigInt(value)) >> BigInt(8 * i)) & 0xffn);
    this.kernel.write(address + BigInt(at), bytes);
  }

  addressOf(struct: string, address: bigint, path: string): bigint {
    return address + BigInt(this.#find(struct, path).at);
  }

  /** Links objects on a list. */
  list(head: bigint, struct: string, member: string, objects: readonly bigint[]): void {
    const nodes = objects.map((object) => this.addressOf(struct, object, member));
    const ring = [head, ...nodes];
    ring.forEach((node, i) => {
      this.kernel.writeWord(node, ring[(i + 1) % ring.length]);
    });
  }

  /** A page of tables in the direct map: its virtual and physical address. */
  page(): { readonly va: bigint; readonly pa: bigint } {
    const pa = DIRECT_BASE + this.#nextPage;
    const va = DIRECT_MAP + pa;
    this.#nextPage += 0x1000n;
    this.kernel.map(va, pa);
    this.kernel.memory.write(pa, new Uint8Array(4096));
    return { va, pa };
  }

  /** Writes types and symbols, and opens the kernel as a dump's reader would. */
  open(order: TableOrder = 'new'): Kernel {
    const { kernel } = this;
    const types = this.#types();
    const start = kernel.stext + TYPES;
    kernel.write(start, types);
    const bounds = [
      { type: 'R', name: '__start_BTF', address: start },
      { type: 'R', name: '__stop_BTF', address: start + BigInt(types.length) },
    ];
    const filler = Array.from({ length: 300 }, (_, i) => ({
      type: 't',
      name: `some_function_${i}`,
      address: kernel.stext + BigInt(16 * (i + 1)),
    }));
    const base = kernel.stext + TABLES;
    const image = kallsymsImage(
      [...this.#symbols, ...bounds, ...filler],
      order,
      base,
      kernel.stext,
    );
    kernel.write(base, image.bytes);
    kernel.map(kernel.stext, kernel.physical(kernel.stext), 0x200000n, 0n);
    for (const name of [
      'names',
      'num_syms',
      'token_table',
      'token_index',
      'offsets',
      'relative_base',
    ])
      if (image.at[name] !== undefined)
        kernel.symbol(`kallsyms_${name}`, base + BigInt(image.at[name]));
    const opened = openKernel(kernel.memory, { vmcoreinfo: kernel.vmcoreinfoText() });
    if (opened instanceof Error) throw opened;
    return opened;
  }

  #types(): Uint8Array {
    const image = new BtfImage();
    const plain = new Map<string, number>();
    const names: readonly (readonly [string, string, number])[] = [
      ['u8', 'unsigned char', 1],
      ['u16', 'short unsigned int', 2],
      ['u32', 'unsigned int', 4],
      ['u64', 'long unsigned int', 8],
      ['char', 'char', 1],
    ];
    for (const [short, name, bytes] of names) plain.set(short, image.int(name, bytes));
    plain.set('pointer', image.pointer(0));
    const typeOf = (type: MemberType): number => {
      if (type.startsWith('bits:')) return plain.get('u32')!;
      const array = /^(.*)\[(\d+)\]$/.exec(type);
      if (array) return image.array(typeOf(array[1]), Number(array[2]));
      return plain.get(type.replace('struct ', ''))!;
    };
    for (const name of this.#order) {
      const { size, members } = this.#structs.get(name)!;
      const flagged = [...members.values()].some(({ type }) => type.startsWith('bits:'));
      const fields: FakeMember[] = [...members].map(([member, { at, type }]) => ({
        name: member,
        type: typeOf(type),
        at: flagged && !type.startsWith('bits:') ? 8 * at : at,
        bits: type.startsWith('bits:') ? Number(type.slice(5)) : flagged ? 0 : undefined,
      }));
      plain.set(name, image.struct(name, size, fields));
    }
    return image.bytes();
  }

  #find(struct: string, path: string): Placed {
    let at = 0;
    let type = `struct ${struct}`;
    for (const name of path.split('.')) {
      const placed = this.#structs.get(type.replace('struct ', ''))?.members.get(name);
      if (!placed) throw new RangeError(`${struct} has no ${path}`);
      at += placed.at;
      type = placed.type;
    }
    return { at, type };
  }

  #size(type: MemberType): number {
    const array = /^(.*)\[(\d+)\]$/.exec(type);
    if (array) return Number(array[2]) * this.#size(array[1]);
    if (type === 'char') return 1;
    return SIZES[type] ?? this.#structs.get(type.replace('struct ', ''))!.size;
  }

  #allocate(bytes: number): bigint {
    const at = this.#next;
    this.#next += BigInt(Math.ceil(bytes / 64) * 64);
    this.kernel.write(at, new Uint8Array(bytes));
    return at;
  }
}
