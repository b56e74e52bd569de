import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { EntryInfo } from '../../../core/protocol/contract.ts';
import type { FieldItem } from '../../../core/protocol/schema.ts';
import {
  boxName,
  boxValue,
  cInitialiser,
  fieldBits,
  fieldValue,
  readFieldValue,
  rulerRows,
} from '../../../renderer/panels/entry/bits.ts';

function field(
  name: string,
  pieces: FieldItem['pieces'],
  value: string,
  more: Partial<FieldItem> = {},
): FieldItem {
  return {
    name,
    pieces,
    kind: 'number',
    value,
    text: value,
    meaning: `${name} of the entry`,
    spec: '',
    violated: false,
    ...more,
  };
}

/** A context entry of VT-d 4.1 §9.3: domain 10, 48-bit, page tables at 0x13f1c4000. */
const CONTEXT: Pick<EntryInfo, 'width' | 'words' | 'was' | 'fields'> = {
  width: 128,
  words: ['0x13f1c4001', '0xa02'],
  was: ['0x7b2c1001', '0x702'],
  fields: [
    field('P', [{ high: 0, low: 0 }], '0x1', { kind: 'flag' }),
    field('FPD', [{ high: 1, low: 1 }], '0x0', { kind: 'flag' }),
    field('TT', [{ high: 3, low: 2 }], '0x0'),
    field('reserved 11:4', [{ high: 11, low: 4 }], '0x0', { kind: 'reserved' }),
    field('SSPTPTR', [{ high: 63, low: 12 }], '0x13f1c4', { kind: 'address', text: '0x13f1c4000' }),
    field('AW', [{ high: 66, low: 64 }], '0x2'),
    field('ignored 70:67', [{ high: 70, low: 67 }], '0x0', { kind: 'ignored' }),
    field('reserved 71', [{ high: 71, low: 71 }], '0x0', { kind: 'reserved' }),
    field('DID', [{ high: 87, low: 72 }], '0xa'),
    field('reserved 127:88', [{ high: 127, low: 88 }], '0x0', { kind: 'reserved' }),
  ],
};

describe('the bit ruler', () => {
  it('lays words out high first, 64 columns a row', () => {
    const rows = rulerRows(CONTEXT, 64);
    expect(rows.map(({ high, low }) => [high, low])).toEqual([
      [127, 64],
      [63, 0],
    ]);
    expect(rows[0].boxes.map(({ field: { name }, column, span }) => [name, column, span])).toEqual([
      ['reserved 127:88', 0, 40],
      ['DID', 40, 16],
      ['reserved 71', 56, 1],
      ['ignored 70:67', 57, 4],
      ['AW', 61, 3],
    ]);
    expect(rows[0].bits.filter(({ set }) => set).map(({ bit }) => bit)).toEqual([75, 73, 65]);
  });

  it('marks the bits that changed', () => {
    const changed = rulerRows(CONTEXT, 64).flatMap(({ bits }) =>
      bits.filter((bit) => bit.changed).map(({ bit }) => bit),
    );
    expect(changed.filter((bit) => bit >= 64)).toEqual([75, 74, 72]);
  });

  it('breaks into rows of 32 where there is no room', () => {
    const rows = rulerRows(CONTEXT, 32);
    expect(rows).toHaveLength(4);
    expect(rows[2].boxes.map(({ field: { name }, span }) => [name, span])).toEqual([
      ['SSPTPTR', 32],
    ]);
    expect(rows[3].boxes[0]).toMatchObject({ span: 20 });
  });

  it('shows fields in pieces in each of their places', () => {
    const entry = {
      width: 64,
      words: ['0x8000000000000001'],
      was: undefined,
      fields: [
        field(
          'GCR3',
          [
            { high: 3, low: 0 },
            { high: 63, low: 60 },
          ],
          '0x81',
        ),
        field('rest', [{ high: 59, low: 4 }], '0x0'),
      ],
    };
    expect(
      rulerRows(entry, 64)[0].boxes.map(({ field: { name }, column, span }) => [
        name,
        column,
        span,
      ]),
    ).toEqual([
      ['GCR3', 0, 4],
      ['rest', 4, 56],
      ['GCR3', 60, 4],
    ]);
    expect(fieldBits(entry.fields[0])).toBe('63:60 3:0');
  });

  it('has a cell for every bit, whatever the words are', () => {
    fc.assert(
      fc.property(fc.bigInt(0n, (1n << 64n) - 1n), fc.bigInt(0n, (1n << 64n) - 1n), (low, high) => {
        const words = [`0x${low.toString(16)}`, `0x${high.toString(16)}`];
        const bits = rulerRows({ ...CONTEXT, words, was: undefined }, 64).flatMap(
          (row) => row.bits,
        );
        const text = bits.map(({ set }) => (set ? '1' : '0')).join('');
        expect(BigInt(`0b${text}`)).toBe((high << 64n) | low);
      }),
    );
  });
});

describe('fields in words', () => {
  const did = CONTEXT.fields[8];
  const pointer = CONTEXT.fields[4];

  it('writes values in their width and addresses as addresses', () => {
    expect(fieldValue(did)).toBe('0x000a');
    expect(fieldValue(pointer)).toBe('0x13f1c4000');
    expect(fieldBits(did)).toBe('87:72');
  });

  it('fits names and values into boxes', () => {
    expect(boxName(did, 16)).toBe('DID');
    expect(boxName(pointer, 52)).toBe('SSPTPTR · SSPTPTR of the entry');
    expect(boxName(CONTEXT.fields[1], 1)).toBe('F');
    expect(boxName(CONTEXT.fields[3], 8)).toBe('reserved');
    expect(boxName(CONTEXT.fields[7], 1)).toBe('');
    expect(boxValue(CONTEXT.fields[0], 1)).toBe('1');
    expect(boxValue(pointer, 4)).toBe('');
  });

  it.each([
    ['0x1f', 8, { value: '0x1f' }],
    ['0b101', 3, { value: '0x5' }],
    ['31', 5, { value: '0x1f' }],
    ['0xffff_0000', 32, { value: '0xffff0000' }],
    ['32', 5, { problem: 'The field has 5 bits: at most 0x1f.' }],
    ['2', 1, { problem: 'The field has 1 bit: at most 0x1.' }],
    ['1f', 8, { problem: 'Write a number: 0x1f, 0b11111 or 31.' }],
    ['-1', 8, { problem: 'Write a number: 0x1f, 0b11111 or 31.' }],
    ['', 8, { problem: 'Write a number: 0x1f, 0b11111 or 31.' }],
  ])('%j into %i bits', (text, width, expected) => {
    expect(readFieldValue(text, width)).toEqual(expected);
  });

  it('writes a C initialiser', () => {
    expect(cInitialiser(CONTEXT.words)).toBe('{ 0x13f1c4001ULL, 0xa02ULL }');
  });
});
