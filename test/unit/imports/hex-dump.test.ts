import { execFileSync } from 'node:child_process';
import { writeFileSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseHexDump } from '../../../core/imports/hex-dump.ts';
import { identifyImport } from '../../../core/imports/identify.ts';
import { has } from './programs.ts';

const page = Uint8Array.from({ length: 4096 }, (_, at) => (at * 7 + (at >> 8)) & 0xff);

/** A page of table entries: words whose two byte orders differ, with zero lines between. */
const table = ((): Uint8Array => {
  const bytes = new Uint8Array(4096);
  const view = new DataView(bytes.buffer);
  for (const index of [0, 1, 4, 5, 300, 511])
    view.setBigUint64(index * 8, 0x25d_7001n + BigInt(index) * 0x4f00n, true);
  return bytes;
})();

/** Groups of `size` bytes as little-endian words. */
function words(bytes: Uint8Array, size: number): string[] {
  const out: string[] = [];
  for (let at = 0; at < bytes.length; at += size)
    out.push(Buffer.from(bytes.slice(at, at + size).reverse()).toString('hex'));
  return out;
}

const shown = (bytes: Uint8Array): string =>
  [...bytes].map((b) => (b >= 32 && b < 127 ? String.fromCharCode(b) : '.')).join('');

/** Renders bytes from an address, a line per 16 bytes. */
const RENDER: Readonly<Record<string, (address: bigint, line: Uint8Array) => string>> = {
  'QEMU xp /2gx': (a, l) =>
    `${a.toString(16).padStart(16, '0')}: ${words(l, 8)
      .map((w) => `0x${w}`)
      .join(' ')}`,
  'QEMU xp /4wx': (a, l) =>
    `${a.toString(16).padStart(16, '0')}: ${words(l, 4)
      .map((w) => `0x${w}`)
      .join(' ')}`,
  'QEMU xp /16bx': (a, l) =>
    `${a.toString(16).padStart(16, '0')}: ${words(l, 1)
      .map((w) => `0x${w}`)
      .join(' ')}`,
  'gdb x/2gx': (a, l) =>
    `0x${a.toString(16)} <table+4>:\t${words(l, 8)
      .map((w) => `0x${w}`)
      .join('\t')}`,
  'crash rd -p -64': (a, l) =>
    `${a.toString(16).padStart(16)}:  ${words(l, 8).join(' ')}   ${shown(l)}`,
  'crash rd -p -32': (a, l) =>
    `${a.toString(16).padStart(16)}:  ${words(l, 4).join(' ')}   ${shown(l)}`,
  'crash rd -p -16': (a, l) =>
    `${a.toString(16).padStart(16)}:  ${words(l, 2).join(' ')}   ${shown(l)}`,
  'crash rd -p -8': (a, l) =>
    `${a.toString(16).padStart(16)}:  ${words(l, 1).join(' ')}   ${shown(l)}`,
  'kdb mdp': (a, l) =>
    `0x${a.toString(16).padStart(16, '0')} ${words(l, 8).join(' ')}   ${shown(l)}`,
  'hexdump -C': (a, l) =>
    `${a.toString(16).padStart(8, '0')}  ${words(l.slice(0, 8), 1).join(' ')}  ${words(l.slice(8), 1).join(' ')}  |${shown(l)}|`,
  'kernel print_hex_dump': (a, l) =>
    `${a.toString(16).padStart(8, '0')}: ${words(l, 1).join(' ')}  ${shown(l)}`,
  bare: (a, l) => `0x${a.toString(16)}: ${words(l, 8).join(' ')}`,
};

function render(form: string, base: bigint, bytes: Uint8Array): string {
  const lines: string[] = [];
  for (let at = 0; at < bytes.length; at += 16)
    lines.push(RENDER[form](base + BigInt(at), bytes.slice(at, at + 16)));
  return lines.join('\n');
}

describe('hex dumps, as each tool prints them', () => {
  it.each(Object.keys(RENDER))('%s gives the bytes of memory', (form) => {
    for (const bytes of [page, table]) {
      const text = `${render(form, 0x25d_1000n, bytes)}\n`;
      expect(identifyImport(text)).toBe('hexdump');
      const dump = parseHexDump(text);
      expect(dump.memory.page(0x25d1)).toEqual(bytes);
      expect(dump.memory.provenance(0x25d2)).toBe('absent');
      expect(dump.bases).toEqual([0x25d_1000n]);
    }
  });

  it('any bytes come back from any form', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...Object.keys(RENDER)),
        fc.uint8Array({ minLength: 4096, maxLength: 4096 }),
        fc.integer({ min: 0x10, max: 0xf_ffff }),
        (form, bytes, pfn) => {
          const text = render(form, BigInt(pfn) << 12n, bytes);
          expect(parseHexDump(text).memory.page(pfn)).toEqual(bytes);
        },
      ),
      { numRuns: 60 },
    );
  });

  const tools: readonly (readonly [string, string, readonly string[]])[] = [
    ['xxd', 'xxd', []],
    ['xxd -g1', 'xxd', ['-g1']],
    ['xxd -g4', 'xxd', ['-g4']],
    ['xxd -g8', 'xxd', ['-g8']],
    ['xxd -e', 'xxd', ['-e']],
    ['xxd -a', 'xxd', ['-a']],
    ['xxd -c 32', 'xxd', ['-c', '32']],
    ['hexdump', 'hexdump', []],
    ['hexdump -C', 'hexdump', ['-C']],
    ['od -A x -t x1', 'od', ['-A', 'x', '-t', 'x1']],
    ['od -A x -t x4', 'od', ['-A', 'x', '-t', 'x4']],
    ['od -A x -t x8', 'od', ['-A', 'x', '-t', 'x8']],
    ['od -A x -t x1z', 'od', ['-A', 'x', '-t', 'x1z']],
    ['od -t x8 (octal addresses)', 'od', ['-t', 'x8']],
    ['od -A d -t x2 (decimal addresses)', 'od', ['-A', 'd', '-t', 'x2']],
    ['od -v -A x -t x8', 'od', ['-v', '-A', 'x', '-t', 'x8']],
  ];
  for (const [name, program, options] of tools)
    it.skipIf(!has(program))(`${name}: what the program itself prints`, () => {
      const file = join(mkdtempSync(join(tmpdir(), 'hex-')), 'pages');
      const zeros = new Uint8Array(3 * 4096);
      const ones = new Uint8Array(4096).fill(0xff);
      writeFileSync(file, Buffer.concat([page, zeros, table, ones]));
      const text = execFileSync(program, [...options, file], { encoding: 'utf8' });
      const { memory, findings } = parseHexDump(text, { base: 0x10_0000n });
      expect(findings).toEqual([]);
      expect(identifyImport(text)).toBe('hexdump');
      expect(memory.page(0x100)).toEqual(page);
      for (const pfn of [0x101, 0x102, 0x103])
        expect(memory.page(pfn)).toEqual(new Uint8Array(4096));
      expect(memory.page(0x104)).toEqual(table);
      expect(memory.page(0x105)).toEqual(ones);
    });

  it('a page that is stated in part is not known, and what is stated can be had', () => {
    const { memory, findings } = parseHexDump(
      '0000000002a01010: 0x0000000002bb6001 0x0000000000000a01',
    );
    expect(memory.page(0x2a01)).toBe('excluded');
    expect(memory.describe(0x2a01)).toContain('16 of the 4096 bytes');
    expect(findings.map(({ id }) => id)).toEqual(['partial-page']);
    const [run] = [...memory.stated()];
    expect(run.address).toBe(0x2a0_1010n);
    expect(run.bytes).toHaveLength(16);
  });

  it('a long fold of zeros takes no memory, and a long one of anything else is refused', () => {
    const zeros = parseHexDump('00000000  00 00 00 00 |....|\n*\n4000000000\n');
    expect(zeros.memory.provenance(0x3ff_ffff)).toBe('zero');
    expect([...zeros.memory.ranges()]).toEqual([{ from: 0, to: 0x400_0000 }]);
    const ones = parseHexDump('00000000  01 01 01 01 |....|\n*\n4000000000\n');
    expect(ones.findings.map(({ id }) => id)).toContain('fold-too-long');
  });

  it('where texts overlap the later one holds, zeros that are folded included', () => {
    const text = '00001010: 0x00000001\n0x0000000000001000-0x0000000000002fff zero suppressed\n';
    const { memory } = parseHexDump(text);
    expect(memory.page(1)).toEqual(new Uint8Array(4096));
    expect([...memory.ranges()]).toEqual([{ from: 1, to: 3 }]);
    memory.put(0x1010n, Uint8Array.of(7));
    expect((memory.page(1) as Uint8Array)[0x10]).toBe(7);
  });

  it('virtual addresses are not memory', () => {
    const { memory, findings } = parseHexDump(
      'ffff888003a01000:  0000000002bb6001 0000000000000a01   .`..............',
    );
    expect([...memory.ranges()]).toEqual([]);
    expect(findings.map(({ id }) => id)).toEqual(['virtual-addresses']);
  });

  it('prompts, blank lines and line ends of CR and LF do no harm', () => {
    const text = `(qemu) xp /512gx 0x25d1000\r\n${render('QEMU xp /2gx', 0x25d_1000n, table).replaceAll('\n', '\r\n')}\r\n\r\n(qemu) `;
    expect(identifyImport(text)).toBe('hexdump');
    expect(parseHexDump(text).memory.page(0x25d1)).toEqual(table);
  });
});
