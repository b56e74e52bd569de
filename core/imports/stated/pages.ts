/** Table pages that are put together from the entries that a text lists. */
import { hex } from '../../format/hex.ts';
import { addressOfPfn, PAGE_SIZE, pfnOf } from '../../memory/physical.ts';
import { TextMemory } from '../text-memory.ts';
import type { ImportFindings } from '../text-lines.ts';

/**
 * First address of the places that stand for tables of which a text tells the entries and not
 * where they are. Nothing has memory there: it is the last 1/4096 of the 52-bit address space.
 */
export const PLACEHOLDER_BASE = 0xf_ff00_0000_0000n;

/** Whether an address stands for a place that the text does not tell. */
export function isPlaceholder(address: bigint): boolean {
  return address >= PLACEHOLDER_BASE;
}

/** The address itself, or undefined where it only stands for an untold one. */
export function toldAddress(address: bigint | undefined): bigint | undefined {
  return address === undefined || isPlaceholder(address) ? undefined : address;
}

const SLOTS = PAGE_SIZE / 8;
/** Pages with listed entries: what a text of the greatest size can name, and no more. */
const PAGE_LIMIT = 1 << 14;

interface Page {
  readonly bytes: Uint8Array;
  /** 1 for each 64-bit word that the text lists. */
  readonly listed: Uint8Array;
}

/**
 * Collects listed words and whole tables. Linux lists the entries that are present; what it does
 * not list of a table is not present, and stands as zero.
 */
export class TablePages {
  readonly #pages = new Map<number, Page>();
  readonly #tables: { readonly from: number; readonly to: number }[] = [];
  readonly #findings: ImportFindings;
  #next = PLACEHOLDER_BASE;
  #full = false;

  constructor(findings: ImportFindings) {
    this.#findings = findings;
  }

  /** A place for a table of which the text does not say where it is; whole pages. */
  placeholder(bytes: number): bigint {
    const at = this.#next;
    this.#next += BigInt(Math.ceil(bytes / PAGE_SIZE) * PAGE_SIZE);
    return at;
  }

  /** A table of this many bytes stands here, whether or not an entry of it is listed. */
  table(address: bigint, bytes: number): void {
    const from = pfnOf(address);
    this.#tables.push({ from, to: from + Math.ceil(bytes / PAGE_SIZE) });
  }

  /** Takes over an entry: 64-bit words from an address on, the lowest-addressed first. */
  words(address: bigint, words: readonly bigint[], at: string, line: number): void {
    for (const [index, word] of words.entries())
      this.#word(address + BigInt(index * 8), word, at, line);
  }

  /** Takes over an entry of 32 bits. */
  half(address: bigint, word: bigint): void {
    const page = this.#page(pfnOf(address));
    if (page)
      new DataView(page.bytes.buffer).setUint32(Number(address & 0xfffn), Number(word), true);
  }

  /** The pages as a memory. */
  memory(name: string): TextMemory {
    const memory = new TextMemory(name);
    for (const { from, to } of this.#tables) memory.putZeroPages({ from, to });
    for (const [pfn, { bytes }] of this.#pages) memory.put(addressOfPfn(pfn), bytes);
    return memory;
  }

  #word(address: bigint, word: bigint, at: string, line: number): void {
    const page = this.#page(pfnOf(address));
    if (!page) return;
    const offset = Number(address & 0xfffn);
    const view = new DataView(page.bytes.buffer);
    const slot = offset >> 3;
    if (page.listed[slot] && view.getBigUint64(offset, true) !== word)
      this.#findings.add(
        'warning',
        'listed-twice',
        at,
        `Line ${line}: the entry at ${hex(address)} is ${hex(word)} here and ${hex(view.getBigUint64(offset, true))} before: it changed while the text was written. The later one is used.`,
      );
    page.listed[slot] = 1;
    view.setBigUint64(offset, word, true);
  }

  #page(pfn: number): Page | undefined {
    let page = this.#pages.get(pfn);
    if (!page && this.#pages.size === PAGE_LIMIT) {
      if (!this.#full)
        this.#findings.add(
          'warning',
          'import-too-large',
          'debugfs',
          `The text lists entries of more than ${PAGE_LIMIT} table pages; the others are left out.`,
        );
      this.#full = true;
      return undefined;
    }
    if (!page) {
      page = { bytes: new Uint8Array(PAGE_SIZE), listed: new Uint8Array(SLOTS) };
      this.#pages.set(pfn, page);
    }
    return page;
  }
}
