import { describe, expect, test } from 'vitest';
import { faultJson } from '../../../core/log/json.ts';
import { parseLog } from '../../../core/log/parse.ts';
import { captureBytes, CAPTURES, type CaptureName } from '../../support/captures.ts';

/** Counted by hand with grep: 'Request device' and 'Event logged' in each console. */
const FAULTS: Readonly<Record<CaptureName, number>> = {
  'intel-6.1': 3,
  'intel-6.1-off': 3,
  'intel-5.10': 3,
  'intel-6.12-sm': 3,
  'amd-6.1': 0,
  'amd-7.2-reuse': 0,
};

const read = (name: CaptureName) => parseLog(captureBytes(name, 'console.log'));

describe.each(CAPTURES)('the console of %s', (name) => {
  const result = read(name);

  test('as many faults as grep counts, and the lines of wc', () => {
    const bytes = captureBytes(name, 'console.log');
    const text = bytes.toString('latin1');
    expect(text.match(/Request device|Event logged/g)?.length ?? 0).toBe(FAULTS[name]);
    expect(result.faults).toHaveLength(FAULTS[name]);
    expect(result.lines).toBe(text.split('\n').length - (text.endsWith('\n') ? 1 : 0));
  });

  test('two kernels: the second is the crash kernel', () => {
    expect(result.kernels.map(({ role }) => role)).toEqual(['first', 'capture']);
    expect(result.kernels[0].panic).toBe('sysrq triggered crash');
    expect(result.kernels[1].commandLine).toContain('elfcorehdr=');
    expect(result.faults.every(({ kernel }) => kernel === 0)).toBe(true);
  });

  test('every record and mark stands where it says', () => {
    const bytes = captureBytes(name, 'console.log');
    const lines = bytes.toString('latin1').split('\n');
    expect(result.phases.length).toBeGreaterThan(0);
    for (const { line, offset, text } of result.phases) {
      if (/^(?:No line|\d)/.test(text)) continue;
      expect(lines[line - 1]).toContain(text.slice(0, 30));
      expect(bytes.subarray(offset, offset + 400).toString('latin1')).toContain(text.slice(0, 30));
    }
    for (const { line, offset, length, bdf } of result.faults) {
      expect(lines[line - 1]).toContain(`[${bdf}]`);
      expect(bytes.subarray(offset, offset! + length!).toString('latin1')).toBe(
        lines[line - 1].replace('\r', ''),
      );
    }
    expect(result.marks.length).toBe(result.faults.length + result.phases.length);
  });

  test('nothing is in doubt', () => {
    expect(result.notes).toEqual([]);
  });
});

test('intel-6.1: exactly three DMA faults of 00:06.0', () => {
  expect(read('intel-6.1').faults.map((fault) => faultJson(fault))).toEqual([
    {
      line: 512,
      time: 16.11387,
      kernel: 0,
      vendor: 'intel',
      type: 'dma',
      access: 'read',
      bdf: '00:06.0',
      address: '0x1f00000',
      reason: 6,
      reasonName: 'PTE Read access is not set',
      status: '0x2',
    },
    {
      line: 514,
      time: 16.906512,
      kernel: 0,
      vendor: 'intel',
      type: 'dma',
      access: 'write',
      bdf: '00:06.0',
      address: '0xdead000',
      reason: 5,
      reasonName: 'PTE Write access is not set',
      status: '0x2',
    },
    {
      line: 516,
      time: 17.649535,
      kernel: 0,
      vendor: 'intel',
      type: 'dma',
      access: 'write',
      bdf: '00:06.0',
      address: '0xdeaf000',
      reason: 5,
      reasonName: 'PTE Write access is not set',
      status: '0x2',
    },
  ]);
});

test('the same three of 5.10 in its own words, and of scalable mode with PASID and reason 0x71', () => {
  expect(
    read('intel-5.10').faults.map(({ address, reason, era, pasid }) => [
      address,
      reason,
      era,
      pasid,
    ]),
  ).toEqual([
    [0x1f00000n, 6, 'V5', undefined],
    [0xdead000n, 5, 'V5', undefined],
    [0xdeaf000n, 5, 'V5', undefined],
  ]);
  expect(
    read('intel-6.12-sm').faults.map(({ address, reason, era, pasid }) => [
      address,
      reason,
      era,
      pasid,
    ]),
  ).toEqual([
    [0x1f00000n, 0x71, 'V7', 0],
    [0xdead000n, 0x71, 'V7', 0],
    [0xdeaf000n, 0x71, 'V7', 0],
  ]);
});

/** What each crash kernel says of its predecessor's tables. */
test.each<[CaptureName, string[]]>([
  ['intel-6.1', ['interrupt-table-copied', 'translation-found-enabled', 'tables-copied']],
  ['intel-6.1-off', ['interrupt-table-copied']],
  ['intel-5.10', ['interrupt-table-copied', 'translation-found-enabled', 'tables-copied']],
  ['intel-6.12-sm', ['interrupt-table-copied', 'translation-found-enabled', 'tables-copied']],
  ['amd-6.1', ['translation-found-enabled', 'tables-copied']],
  [
    'amd-7.2-reuse',
    ['buffers-reused', 'translation-found-enabled', 'tables-reused', 'buffers-reused'],
  ],
])('%s: the hand-off', (name, events) => {
  const handOff = read(name).phases.filter(({ phase }) => phase === 'hand-off');
  expect(handOff.map(({ event }) => event)).toEqual(events);
  expect(handOff.every(({ kernel }) => kernel === 1)).toBe(true);
});

test('the units as the log names them', () => {
  const units = read('intel-6.1').phases.filter(({ event }) => event === 'unit');
  expect(units.map(({ kernel, unit, details }) => [kernel, unit, details])).toEqual([
    [0, 'dmar0', { base: 0xfed90000n, version: '1:0', cap: 0xd2008c22260206n, ecap: 0xf00f4an }],
    [1, 'dmar0', { base: 0xfed90000n, version: '1:0', cap: 0xd2008c22260206n, ecap: 0xf00f4an }],
  ]);
});
