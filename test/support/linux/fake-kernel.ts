import { VirtualMemory } from '../../../core/linux/paging.ts';
import { parseVmcoreinfo, type Vmcoreinfo } from '../../../core/linux/vmcoreinfo.ts';
import { FakeMemory } from './fake-memory.ts';

const START_KERNEL_MAP = 0xffffffff80000000n;
/** Where `_stext` is linked. */
const LINKED_STEXT = 0xffffffff81000000n;

export interface FakeKernelOptions {
  readonly slide?: bigint;
  readonly physBase?: bigint;
  readonly fiveLevels?: boolean;
  readonly smeMask?: bigint;
  /** Physical address from which page tables are made; 1 MiB when not given. */
  readonly tablesAt?: bigint;
}

/**
 * The least of a kernel that a reader needs: an image at its place, page tables that a test can
 * map pages with, and VMCOREINFO that says so.
 */
export class FakeKernel {
  readonly memory = new FakeMemory();
  readonly slide: bigint;
  readonly physBase: bigint;
  readonly fiveLevels: boolean;
  readonly smeMask: bigint;
  /** Virtual address of the top page table. */
  readonly root: bigint;
  readonly lines = new Map<string, string>();
  #nextTable: bigint;

  constructor(options: FakeKernelOptions = {}) {
    this.slide = options.slide ?? 0x8a00000n;
    this.physBase = options.physBase ?? -0x7a00000n;
    this.fiveLevels = options.fiveLevels ?? false;
    this.smeMask = options.smeMask ?? 0n;
    this.#nextTable = options.tablesAt ?? 0x100000n;
    this.root = this.stext + 0x1610000n;
    this.write(this.root, new Uint8Array(4096));
    this.line('OSRELEASE', '6.1.0-test');
    this.line('PAGESIZE', '4096');
    this.symbol('_stext', this.stext);
    this.symbol('init_top_pgt', this.root);
    this.line('NUMBER(phys_base)', String(this.physBase));
    this.line('NUMBER(pgtable_l5_enabled)', this.fiveLevels ? '1' : '0');
    this.line('KERNELOFFSET', this.slide.toString(16));
    this.line('NUMBER(KERNEL_IMAGE_SIZE)', '1073741824');
    this.line('NUMBER(sme_mask)', String(this.smeMask));
  }

  get stext(): bigint {
    return LINKED_STEXT + this.slide;
  }

  physical(imageAddress: bigint): bigint {
    return imageAddress - START_KERNEL_MAP + this.physBase;
  }

  /** Writes into the image. */
  write(imageAddress: bigint, bytes: Uint8Array): void {
    this.memory.write(this.physical(imageAddress), bytes);
  }

  writeWord(imageAddress: bigint, value: bigint): void {
    this.memory.writeWord(this.physical(imageAddress), value);
  }

  line(key: string, value: string): void {
    this.lines.set(key, value);
  }

  symbol(name: string, address: bigint): void {
    this.line(`SYMBOL(${name})`, address.toString(16));
  }

  /** Maps a page: `size` 4 KiB, 2 MiB or 1 GiB; `flags` beside present. */
  map(va: bigint, pa: bigint, size = 0x1000n, flags = 2n): void {
    let table = this.physical(this.root);
    const last = size === 0x40000000n ? 3 : size === 0x200000n ? 2 : 1;
    for (let level = this.fiveLevels ? 5 : 4; ; level--) {
      const index = (va >> BigInt(12 + 9 * (level - 1))) & 0x1ffn;
      const at = table + 8n * index;
      if (level === last) {
        this.memory.writeWord(at, pa | this.smeMask | flags | 1n | (level > 1 ? 0x80n : 0n));
        return;
      }
      table = this.#tableAt(at);
    }
  }

  vmcoreinfoText(): string {
    return [...this.lines].map(([key, value]) => `${key}=${value}\n`).join('');
  }

  info(): Vmcoreinfo {
    return parseVmcoreinfo(this.vmcoreinfoText())!;
  }

  virtual(): VirtualMemory {
    return new VirtualMemory(this.memory, {
      physBase: this.physBase,
      rootAddress: this.root,
      fiveLevels: this.fiveLevels,
      smeMask: this.smeMask,
    });
  }

  #tableAt(entry: bigint): bigint {
    const page = this.memory.page(Number(entry >> 12n)) as Uint8Array;
    const word = new DataView(page.buffer, page.byteOffset).getBigUint64(
      Number(entry & 0xfffn),
      true,
    );
    if ((word & 1n) !== 0n) return word & 0x000ffffffffff000n & ~this.smeMask;
    const table = this.#nextTable;
    this.#nextTable += 0x1000n;
    this.memory.write(table, new Uint8Array(4096));
    this.memory.writeWord(entry, table | this.smeMask | 3n);
    return table;
  }
}
