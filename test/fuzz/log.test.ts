import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { faultJson, kernelJson, noteJson, phaseJson } from '../../core/log/json.ts';
import { LogCollector, parseFaultLine, parseLog } from '../../core/log/parse.ts';
import { LogParser } from '../../core/log/parser.ts';
import { ANCHORS } from '../../core/log/read-line.ts';
import { formatBdf, parseBdf } from '../../core/format/bdf.ts';
import { captureBytes } from '../support/captures.ts';

const encoder = new TextEncoder();

/** Lines that a mutation starts from. */
const SEEDS = [
  'DMAR: [DMA Read NO_PASID] Request device [00:06.0] fault addr 0x1f00000 [fault reason 0x06] PTE Read access is not set\n',
  'DMAR: [DMA Read] Request device [7a:02.0] PASID 2 fault addr 7f81c968d000 [fault reason 113] SM: x\n',
  'dmar: DMAR:[DMA Read] Request device [01:00.0] fault addr fff80000 \nDMAR:[fault reason 01] Present bit in root entry is clear\n',
  'dmar: INTR-REMAP: Request device [[61:00.0] fault index 42\nINTR-REMAP:[fault reason 34] Present field\n',
  '> > > AMD-Vi: Event logged [IO_PAGE_FAULT device=00:14.1 domain=0x000d\n> > > address=0x000000000245a0c0 flags=0x0070]\n',
  '[    1.000000] nvme 0000:01:00.0: AMD-Vi: Event logged [IO_PAGE_FAULT domain=0x0000 address=0xfc189000 flags=0x0000]\r\n',
  '[  +0.000108] iommu ivhd0: AMD-Vi: Event logged [ILLEGAL_DEV_TABLE_ENTRY device=c0:00.1 pasid=0x00000 address=0x0 flags=0x0008]\nAMD-Vi: DTE[0]: 6190000000000003\n',
  '3,416,1692021403,-,caller=T1;DMAR: DRHD: handling fault status reg 3\\x0aDMAR:[fault reason 12] x\n',
  '[    0.000000] Linux version 6.1.0 (a@b) (gcc)\n[    0.000000] Command line: elfcorehdr=1\n',
  '[    1.000000] DMAR: dmar0: reg_base_addr fed90000 ver 1:0 cap d2008c22260206 ecap f00f4a\n',
  '[    2.000000] DMAR-IR: Copied IR table for dmar0 from previous kernel\n',
  'DMAR: Dump dmar0 table entries for IOVA 0x1f00000\nDMAR: pte level: 1, pte value: 0x0000000012345003\n',
  '\u001b[31m[   22.0] Kernel panic - not syncing: x\u001b]0;t\u0007\n',
  'Copying data : [ 45.3 %] /\rCopying data : [100.0 %] |\n',
  ...ANCHORS.map((anchor) => `${anchor.text}\n`),
];

const mutation = fc.record({
  at: fc.nat(),
  kind: fc.constantFrom('flip', 'drop', 'double', 'insert', 'newline', 'cut', 'splice'),
  byte: fc.integer({ min: 0, max: 255 }),
  length: fc.integer({ min: 1, max: 80 }),
});

function mutate(
  bytes: Uint8Array,
  how: { at: number; kind: string; byte: number; length: number },
) {
  const at = bytes.length === 0 ? 0 : how.at % bytes.length;
  const until = Math.min(bytes.length, at + how.length);
  const head = bytes.subarray(0, at);
  const around = (middle: Uint8Array, next: number): Uint8Array => {
    const from = Math.min(next, bytes.length);
    const out = new Uint8Array(head.length + middle.length + bytes.length - from);
    out.set(head);
    out.set(middle, head.length);
    out.set(bytes.subarray(from), head.length + middle.length);
    return out;
  };
  switch (how.kind) {
    case 'flip':
      return around(Uint8Array.of((bytes[at] ?? 0) ^ (1 << (how.byte & 7))), at + 1);
    case 'drop':
      return around(new Uint8Array(), until);
    case 'double':
      return around(bytes.slice(at, until), at);
    case 'insert':
      return around(Uint8Array.of(how.byte), at);
    case 'newline':
      return around(Uint8Array.of(10), at);
    case 'cut':
      return bytes.slice(0, at);
    default:
      return around(encoder.encode(SEEDS[how.byte % SEEDS.length]), until);
  }
}

const mutated = fc
  .tuple(
    fc.array(fc.constantFrom(...SEEDS), { minLength: 1, maxLength: 6 }),
    fc.array(mutation, { minLength: 1, maxLength: 8 }),
  )
  .map(([seeds, mutations]) =>
    mutations.reduce<Uint8Array>(
      (bytes, how) => mutate(bytes, how),
      encoder.encode(seeds.join('')),
    ),
  );

/** What every reader of hostile bytes must keep. */
function sound(bytes: Uint8Array): void {
  const result = parseLog(bytes);
  for (const fault of result.faults) {
    expect(fault.line).toBeGreaterThanOrEqual(1);
    expect(fault.line).toBeLessThanOrEqual(Math.max(1, result.lines));
    expect(fault.offset).toBeLessThan(bytes.length);
    if (fault.bdf !== undefined) {
      const bdf = parseBdf(fault.bdf);
      expect(formatBdf(bdf!.id, bdf!.segment)).toBe(fault.bdf);
    }
    if (fault.reason !== undefined) expect(fault.reason).toBeLessThanOrEqual(0xff);
    if (fault.pasid !== undefined) expect(Number.isSafeInteger(fault.pasid)).toBe(true);
    JSON.stringify(faultJson(fault, true));
  }
  for (const phase of result.phases) JSON.stringify(phaseJson(phase, 'x'));
  for (const note of result.notes) JSON.stringify(noteJson(note));
  for (const kernel of result.kernels) JSON.stringify(kernelJson(kernel));
}

describe('hostile bytes', () => {
  test('14,000 mutated logs: no exception, and what is told is sound', () => {
    fc.assert(fc.property(mutated, sound), { numRuns: 14_000 });
  });

  test('4,000 random inputs', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 2000 }), sound), { numRuns: 4_000 });
  });

  test('3,000 mutated logs in random chunks tell what they tell at once', () => {
    fc.assert(
      fc.property(
        mutated,
        fc.array(fc.integer({ min: 1, max: 90 }), { maxLength: 40 }),
        (bytes, sizes) => {
          const collector = new LogCollector();
          const parser = new LogParser(collector);
          let from = 0;
          for (const size of [...sizes, bytes.length]) {
            parser.push(bytes.subarray(from, from + size));
            from += size;
          }
          parser.end();
          const whole = parseLog(bytes);
          expect(collector.faults).toEqual(whole.faults);
          expect(collector.phases).toEqual(whole.phases);
          expect(collector.notes).toEqual(whole.notes);
          expect(collector.marks).toEqual(whole.marks);
          expect(collector.kernels).toEqual(whole.kernels);
        },
      ),
      { numRuns: 3_000 },
    );
  });

  test('1,000 damaged captures', () => {
    const console = captureBytes('intel-6.1', 'console.log').subarray(32_000, 48_000);
    fc.assert(
      fc.property(fc.array(mutation, { minLength: 1, maxLength: 30 }), (mutations) => {
        sound(mutations.reduce<Uint8Array>((bytes, how) => mutate(bytes, how), console));
      }),
      { numRuns: 1_000 },
    );
  });

  test('a pasted line of any kind gives a record or nothing', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 300 }), (text) => {
        parseFaultLine(text);
      }),
      { numRuns: 1_000 },
    );
  });
});

/** Inputs that make a careless reader slow or large; each must take a moment only. */
describe('inputs made to be slow', () => {
  const MEBIBYTE = 1 << 20;
  const repeat = (text: string, bytes = MEBIBYTE): Uint8Array =>
    encoder.encode(text.repeat(Math.ceil(bytes / text.length)));

  test.each([
    ['no newline, zeros', new Uint8Array(4 * MEBIBYTE)],
    ['no newline, anchors', repeat('Request device [')],
    ['anchors, one a line', repeat('Request device [\n')],
    ['keys of phases, one a line', repeat('reg_base_addr \n')],
    ['newlines', repeat('\n')],
    ['carriage returns', repeat('\r')],
    [
      'an anchor before carriage returns',
      encoder.encode(`fault addr ${'\r'.repeat(4 * MEBIBYTE)}`),
    ],
    ['escapes without end', repeat('\u001b]0;')],
    ['quotes', repeat('> ')],
    ['stamps in a row', repeat('[    1.000000] ')],
    ['stamps and anchors', repeat('[    1.000000] DMAR: [DMA ')],
    ['headers', repeat('AMD-Vi: Event logged [\n')],
    ['first halves', repeat('DMAR:[DMA Read] Request device [01:00.0] fault addr fff80000 \n')],
    ['second halves', repeat('DMAR:[fault reason 01] x\n')],
    ['kernels', repeat('Linux version 6.1.0 (a)\n')],
    ['units', repeat('IOMMU 7: reg_base_addr fed90000 ver 1:0 cap 1 ecap 2\n')],
    ['bodies without end', repeat('IO_PAGE_FAULT device=00:14.1 domain=0x000d ')],
    ['blanks', repeat('DMAR:                                                 [fault reason ')],
  ])('%s', (_, bytes) => {
    let records = 0;
    const count = (): void => void records++;
    const parser = new LogParser({
      onFault: count,
      onPhase: count,
      onNote: count,
      onMark: count,
      onKernel: count,
    });
    const start = performance.now();
    parser.push(bytes);
    parser.end();
    // About a thousand times what it takes; only an explosion gets there.
    expect(performance.now() - start).toBeLessThan(60_000);
    expect(records).toBeLessThan(bytes.length);
  });
});
