import type { Steps } from '../memory/steps.ts';
import {
  addressOfPfn,
  isKnown,
  PAGE_SIZE,
  pageOnce,
  type PhysicalMemory,
} from '../memory/physical.ts';

/**
 * VMCOREINFO: the text by which a Linux kernel tells dump tools where its structures are
 * (Documentation/admin-guide/kdump/vmcoreinfo.rst). `KEY=value` lines; SYMBOL values are
 * hexadecimal without `0x`, NUMBER values decimal and signed (phys_base is negative in most
 * boots with KASLR), SIZE, OFFSET and LENGTH decimal.
 */
export interface Vmcoreinfo {
  readonly text: string;
  /** Kernel release, as `uname -r` writes it. */
  readonly release: string;
  /** Every line's value by its key, the key as written. */
  readonly values: ReadonlyMap<string, string>;
  /** Unix seconds of the crash; undefined when no crash was recorded. */
  readonly crashTime: number | undefined;
  /** Run-time address of a symbol. */
  symbol(name: string): bigint | undefined;
  /** A NUMBER line, signed. */
  number(name: string): bigint | undefined;
  /** An OFFSET line, in bytes. */
  offset(member: string): number | undefined;
  /** A SIZE line, in bytes. */
  size(type: string): number | undefined;
}

/** The text is one page in the kernel; more than this is not VMCOREINFO. */
const MAX_TEXT = 1 << 16;

/** Reads VMCOREINFO text. @returns undefined when it has no OSRELEASE line. */
export function parseVmcoreinfo(text: string): Vmcoreinfo | undefined {
  const values = new Map<string, string>();
  const end = text.indexOf('\0');
  const body = text.slice(0, Math.min(end < 0 ? text.length : end, MAX_TEXT));
  for (const line of body.split('\n')) {
    const equals = line.indexOf('=');
    if (equals > 0) values.set(line.slice(0, equals), line.slice(equals + 1));
  }
  const release = values.get('OSRELEASE');
  if (release === undefined || release === '%s') return undefined;
  const small = (key: string): number | undefined => {
    const value = values.get(key);
    return value !== undefined && /^\d{1,9}$/.test(value) ? Number(value) : undefined;
  };
  const crashTime = values.get('CRASHTIME');
  return {
    text: body,
    release,
    values,
    crashTime: crashTime && /^\d{1,12}$/.test(crashTime) ? Number(crashTime) : undefined,
    symbol: (name) => parseAddress(values.get(`SYMBOL(${name})`)),
    number: (name) => parseNumber(values.get(`NUMBER(${name})`)),
    offset: (member) => small(`OFFSET(${member})`),
    size: (type) => small(`SIZE(${type})`),
  };
}

/** Virtual displacement by KASLR; 0 when the line is absent. */
export function kernelOffset(info: Vmcoreinfo): bigint {
  return parseAddress(info.values.get('KERNELOFFSET')) ?? 0n;
}

function parseAddress(text: string | undefined): bigint | undefined {
  return text !== undefined && /^[0-9a-f]{1,16}$/i.test(text) ? BigInt(`0x${text}`) : undefined;
}

function parseNumber(text: string | undefined): bigint | undefined {
  if (text === undefined) return undefined;
  if (/^-?\d{1,20}$/.test(text)) return BigInt(text);
  return /^0x[0-9a-f]{1,16}$/i.test(text) ? BigInt(text) : undefined;
}

/** A copy of VMCOREINFO that stood in memory. */
export interface FoundVmcoreinfo {
  readonly info: Vmcoreinfo;
  /** Physical address of the text. */
  readonly address: bigint;
  /** `note`: the complete ELF note, rewritten at the crash; `data`: the page it is made from. */
  readonly form: 'note' | 'data';
}

const DATA_MARK = new TextEncoder().encode('OSRELEASE=');
const NOTE_MARK = new TextEncoder().encode('VMCOREINFO\0');
/** The note's header: name size, descriptor size, type; its name is padded to 12 bytes. */
const NOTE_NAME = 12;
const NOTE_TEXT = 24;
const MAX_FOUND = 64;
const PROGRESS_EVERY = 1024;

/**
 * Looks for copies of VMCOREINFO at the two places of a page where the kernel puts them: the
 * text at offset 0 (vmcoreinfo_data), or a complete ELF note at offset 0 (vmcoreinfo_note). A
 * free search of the text would find format strings and cut copies as well.
 *
 * Only copies with all the lines that reading a kernel takes are given; whether the kernel they
 * speak of is there is for the caller to test.
 */
export function* vmcoreinfoSteps(memory: PhysicalMemory): Steps<FoundVmcoreinfo[]> {
  const ranges = [...memory.ranges()];
  const total = ranges.reduce((sum, range) => sum + range.to - range.from, 0);
  const found: FoundVmcoreinfo[] = [];
  let done = 0;
  for (const range of ranges)
    for (let pfn = range.from; pfn < range.to && found.length < MAX_FOUND; pfn++) {
      if (++done % PROGRESS_EVERY === 0) yield { done, all: total };
      const page = pageOnce(memory, pfn);
      if (!isKnown(page)) continue;
      const form = startsWith(page, 0, DATA_MARK)
        ? 'data'
        : startsWith(page, NOTE_NAME, NOTE_MARK)
          ? 'note'
          : undefined;
      if (!form) continue;
      const start = form === 'data' ? 0 : NOTE_TEXT;
      const info = parseVmcoreinfo(textAt(memory, pfn, start, form));
      if (info && isComplete(info))
        found.push({ info, address: addressOfPfn(pfn) + BigInt(start), form });
    }
  return found;
}

/** Whether the lines are there without which no address can be translated. */
export function isComplete(info: Vmcoreinfo): boolean {
  return (
    info.values.has('PAGESIZE') &&
    rootSymbol(info) !== undefined &&
    info.number('phys_base') !== undefined &&
    info.values.has('KERNELOFFSET') &&
    info.symbol('_stext') !== undefined
  );
}

/** Run-time address of the kernel's own top page table. */
export function rootSymbol(info: Vmcoreinfo): bigint | undefined {
  return info.symbol('init_top_pgt') ?? info.symbol('swapper_pg_dir');
}

function startsWith(page: Uint8Array, at: number, mark: Uint8Array): boolean {
  for (let i = 0; i < mark.length; i++) if (page[at + i] !== mark[i]) return false;
  return true;
}

/** The text up to its NUL; a note's pages are contiguous, the data is one page. */
function textAt(memory: PhysicalMemory, pfn: number, start: number, form: string): string {
  const parts: string[] = [];
  const decoder = new TextDecoder('latin1');
  const pages = form === 'note' ? 2 : 1;
  for (let i = 0; i < pages; i++) {
    const page = memory.page(pfn + i);
    if (!isKnown(page)) break;
    const from = i === 0 ? start : 0;
    const end = page.indexOf(0, from);
    parts.push(decoder.decode(page.subarray(from, end < 0 ? PAGE_SIZE : end)));
    if (end >= 0) break;
  }
  return parts.join('');
}
