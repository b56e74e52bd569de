import { describe, expect, it } from 'vitest';
import { identifyDump } from '../../../core/dump/identify.ts';
import { openDump } from '../../../core/dump/open.ts';
import { Failure } from '../../../core/memory/failure.ts';
import { bytesSource } from '../../../core/memory/platform.ts';
import { nodePlatform } from '../../../electron/host/platform.ts';
import { openBytes } from '../../support/dump-check.ts';
import {
  flatten,
  loadsOf,
  patternPage,
  rangesOf,
  sampleModel,
  writeAvml,
  writeElf,
  writeLime,
} from '../../support/dump-writer.ts';
import { writeKdump } from '../../support/kdump-writer.ts';

const MODEL = sampleModel();
const ELF = writeElf({ loads: loadsOf(MODEL) });
const KDUMP = writeKdump(MODEL);
const LIME = writeLime(rangesOf(MODEL));
const AVML = writeAvml(rangesOf(MODEL));

describe('what a file is', () => {
  it.each<[string, Uint8Array, string | undefined]>([
    ['an ELF core', ELF, 'elf'],
    ['a kdump', KDUMP, 'kdump'],
    ['LiME', LIME, 'lime'],
    ['AVML', AVML, 'avml'],
    ['a flattened ELF core', flatten(ELF), 'elf'],
    ['a flattened kdump', flatten(KDUMP), 'kdump'],
    [
      'a flattened kdump whose header comes last',
      flatten(KDUMP, { record: 100, arrange: ([first, ...rest]) => [...rest, first] }),
      'kdump',
    ],
    ['LiME of a version that does not exist', versioned(LIME, 2), undefined],
    ['AVML of version 1', versioned(AVML, 1), undefined],
    ['an ELF executable', executable(), undefined],
    ['memory without a mark', patternPage(1), undefined],
    ['text', new TextEncoder().encode('[    0.000000] Linux version 6.1.0\n'), undefined],
    ['nothing', new Uint8Array(0), undefined],
    ['the first half of a magic', new TextEncoder().encode('KDU'), undefined],
  ])('is told by its content: %s', (_, bytes, format) => {
    expect(identifyDump(bytesSource('any name', bytes))).toBe(format);
  });

  it.each<[string, Uint8Array | string, RegExp, RegExp]>([
    ['gzip', Uint8Array.of(0x1f, 0x8b, 8), /compressed with gzip/, /gunzip/],
    ['zstd', Uint8Array.of(0x28, 0xb5, 0x2f, 0xfd), /compressed with zstd/, /unzstd/],
    ['an old virsh dump', 'QEVM', /virsh dump without --memory-only/, /--memory-only/],
    ['virsh save', 'LibvirtQemudSave', /virsh save/, /--memory-only/],
    ['diskdump', 'DISKDUMP', /old diskdump/, /./],
    ['a Windows dump', 'PAGEDU64', /Windows/, /./],
    ['a kernel image', executable(), /not a core/, /no kernel image is needed/],
    ['an empty file', '', /empty/, /./],
    ['anything else', 'hello', /known format/, /--as raw/],
  ])('is named where it is no dump: %s', (_, start, happened, advice) => {
    const bytes = typeof start === 'string' ? new TextEncoder().encode(start) : start;
    let failure: unknown;
    try {
      openBytes(bytes);
    } catch (error) {
      failure = error;
    }
    expect(failure).toBeInstanceOf(Failure);
    expect((failure as Failure).kind).toBe('unreadable');
    expect((failure as Failure).message).toMatch(happened);
    expect((failure as Failure).advice).toMatch(advice);
  });
});

describe('openDump', () => {
  it('closes every source', () => {
    let closed = 0;
    const source = { ...bytesSource('vmcore', ELF), close: () => void closed++ };
    openDump([source], { platform: nodePlatform }).close();
    expect(closed).toBe(1);
  });

  it('refuses several files that are no split set', () => {
    expect(() => openBytes([ELF, ELF])).toThrow(/no part of a split kdump/);
    expect(() => openBytes([])).toThrow(Failure);
  });

  it('obeys a format that was named, and fails in its terms', () => {
    expect(openBytes(KDUMP, { as: 'kdump' }).format).toBe('kdump');
    expect(() => openBytes(ELF, { as: 'kdump' })).toThrow(/can't be read as a kdump/);
    expect(() => openBytes(KDUMP, { as: 'elf' })).toThrow(/not that of a core/);
  });

  it('keeps to its budget of memory for pages', () => {
    const many = new Map(Array.from({ length: 2000 }, (_, pfn) => [pfn, patternPage(pfn)]));
    const { memory } = openBytes(writeKdump(many), { cacheBytes: 1 << 20 });
    for (let pass = 0; pass < 2; pass++)
      for (let pfn = 0; pfn < 2000; pfn++) expect(memory.page(pfn)).toEqual(patternPage(pfn));
  });
});

function versioned(bytes: Uint8Array, version: number): Uint8Array {
  const copy = bytes.slice();
  new DataView(copy.buffer).setUint32(4, version, true);
  return copy;
}

function executable(): Uint8Array {
  const bytes = ELF.slice(0, 4096);
  new DataView(bytes.buffer).setUint16(16, 2, true);
  return bytes;
}
