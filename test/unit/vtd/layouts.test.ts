/** Every layout: its golden vectors, its section, and that decoding and encoding agree. */
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  addressOf,
  encode,
  fieldValue,
  reservedSet,
  valueOf,
  withField,
} from '../../../core/bits/layout.ts';
import { hex } from '../../../core/format/hex.ts';
import {
  DESCRIPTORS_128,
  DESCRIPTORS_256,
  descriptorLayout,
  descriptorType,
} from '../../../core/vtd/descriptors.ts';
import {
  IRTE_POSTED,
  IRTE_REMAPPED,
  IRTE_REMAPPED_EXTENDED,
  interruptEntryLayout,
} from '../../../core/vtd/interrupt-entries.ts';
import { MEMORY_LAYOUTS, REGISTER_LAYOUTS } from '../../../core/vtd/layouts.ts';
import { pagingLayout } from '../../../core/vtd/paging.ts';
import { CONTEXT_ENTRY } from '../../../core/vtd/tables.ts';
import { GOLDEN_LAYOUTS } from './golden-layouts.ts';
import { told } from './golden.ts';

describe('golden vectors', () => {
  test.each(
    GOLDEN_LAYOUTS.map((golden) => ({
      ...golden,
      name: `${golden.layout.name} (${golden.layout.width} bits)`,
    })),
  )('$name: $source', ({ layout, words, fields }) => {
    expect(told(layout, words)).toEqual(fields);
    expect(reservedSet(layout, words)).toEqual([]);
  });

  test('every layout of a structure in memory has one', () => {
    const covered = new Set(GOLDEN_LAYOUTS.map(({ layout }) => layout));
    const missing = MEMORY_LAYOUTS.filter((layout) => !covered.has(layout));
    expect(missing.map(({ name, width }) => `${name} (${width} bits)`)).toEqual([]);
  });
});

const ALL = [...MEMORY_LAYOUTS, ...REGISTER_LAYOUTS];

describe('every layout', () => {
  test.each(ALL.map((layout) => ({ layout, name: `${layout.name} (${layout.width} bits)` })))(
    '$name: decoding and encoding again gives the same bits',
    ({ layout }) => {
      const word = fc.bigInt({ min: 0n, max: (1n << 64n) - 1n });
      const count = Math.ceil(layout.width / 64);
      fc.assert(
        fc.property(fc.array(word, { minLength: count, maxLength: count }), (random) => {
          const words = layout.width === 32 ? [random[0] & 0xffff_ffffn] : random;
          let again: bigint[] = words.map(() => 0n);
          for (const field of layout.fields)
            again = withField(layout, again, field.name, fieldValue(words, field));
          expect(again).toEqual(words);
        }),
        { numRuns: 20 },
      );
    },
  );

  test('names its section; what revision 4.0 removed, the last revision that has it', () => {
    for (const layout of ALL)
      expect(layout.spec).toMatch(
        ['AFLOG', 'fault record'].includes(layout.name) ? /^VT-d 3\.1 §\d/ : /^VT-d 5\.10 §\d/,
      );
  });

  test('gives each field a meaning', () => {
    for (const layout of ALL)
      for (const field of layout.fields) expect(field.meaning.length).toBeGreaterThan(2);
  });
});

describe('which layout fits', () => {
  test.each([
    { stage: 'second', level: 1, entry: 0x83n, name: 'SS-PTE' },
    { stage: 'second', level: 2, entry: 0x03n, name: 'SS-PDE' },
    { stage: 'second', level: 2, entry: 0x83n, name: 'SS-PDE (2 MiB page)' },
    { stage: 'second', level: 3, entry: 0x83n, name: 'SS-PDPE (1 GiB page)' },
    { stage: 'second', level: 4, entry: 0x83n, name: 'SS-PML4E' },
    { stage: 'second', level: 5, entry: 0x03n, name: 'SS-PML5E' },
    { stage: 'first', level: 1, entry: 0x81n, name: 'FS-PTE' },
    { stage: 'first', level: 3, entry: 0x81n, name: 'FS-PDPE (1 GiB page)' },
    { stage: 'first', level: 4, entry: 0x81n, name: 'FS-PML4E' },
  ] as const)('$stage stage, level $level, $entry: $name', ({ stage, level, entry, name }) => {
    expect(pagingLayout(stage, level, entry).name).toBe(name);
  });

  test('a posted interrupt entry by IM, a remapped one by EIME', () => {
    expect(interruptEntryLayout([0x8001n, 0n], true)).toBe(IRTE_POSTED);
    expect(interruptEntryLayout([1n, 0n], true)).toBe(IRTE_REMAPPED_EXTENDED);
    expect(interruptEntryLayout([1n, 0n], false)).toBe(IRTE_REMAPPED);
    expect(interruptEntryLayout([1n, 0n], undefined)).toBe(IRTE_REMAPPED);
  });

  test('a descriptor by its type in bits 3:0 and 11:9', () => {
    expect(descriptorType([0x205n])).toBe(0x15);
    expect(descriptorLayout([0x5n, 0n], 16)).toBe(DESCRIPTORS_128.get(5));
    expect(descriptorLayout([0x5n, 0n, 0n, 0n], 32)).toBe(DESCRIPTORS_256.get(5));
    expect(descriptorLayout([0x205n, 0n], 16).name).toBe('invalidation descriptor of unknown type');
  });

  test('an encoded context entry decodes to what went in', () => {
    const words = encode(CONTEXT_ENTRY, { P: 1, TT: 1, SSPTPTR: 0x1234, AW: 2, DID: 10 });
    expect(words.map(hex)).toEqual(['0x1234005', '0xa02']);
    expect(addressOf(CONTEXT_ENTRY, words, 'SSPTPTR')).toBe(0x123_4000n);
    expect(valueOf(CONTEXT_ENTRY, words, 'DID')).toBe(10n);
  });
});
