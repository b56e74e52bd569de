import { describe, expect, test } from 'vitest';
import { wordsAt } from '../../../core/acpi/structures.ts';
import { decode } from '../../../core/bits/layout.ts';
import { exportedLayouts, ownersIn, ownersOf } from '../../support/tiling.ts';
import { structure } from './build.ts';
import { TILINGS } from './golden/tilings.ts';
import { DMAR_VECTORS } from './golden/vectors-dmar.ts';
import { IVRS_VECTORS } from './golden/vectors-ivrs.ts';

const BYTE_VECTORS = [...DMAR_VECTORS, ...IVRS_VECTORS];

const CORE = new URL('../../../core/acpi/', import.meta.url);
const fromHex = (text: string): Uint8Array =>
  Uint8Array.from(Buffer.from(text.replace(/\s/g, ''), 'hex'));

test('every layout has its places written a second time, and bytes with their fields', async () => {
  const layouts = await exportedLayouts(CORE);
  expect(layouts.length).toBe(TILINGS.length);
  const without = (having: readonly { readonly of: unknown }[]): string[] =>
    layouts.filter((each) => !having.some(({ of }) => of === each)).map((each) => each.name);
  expect(without(TILINGS)).toEqual([]);
  expect(without(BYTE_VECTORS)).toEqual([]);
  for (const each of layouts) expect(each.spec, each.name).toMatch(/^(VT-d|48882|ACPI) .*§\d/);
});

describe('the places of the fields agree with ACPICA, bit by bit', () => {
  test.each(TILINGS)('$of.name: $from', ({ of, bits }) => {
    expect(ownersIn(of)).toEqual(ownersOf(bits));
  });
});

describe('golden bytes', () => {
  test.each(BYTE_VECTORS)('$of.name: $from', ({ of, bytes, fields }) => {
    const raw = fromHex(bytes);
    expect(raw).toHaveLength(of.width / 8);
    const found = Object.fromEntries(
      decode(of, wordsAt(raw, 0, raw.length))
        .filter(({ value }) => value !== 0n)
        .map(({ field, value }) => [field.name, value]),
    );
    const expected = Object.entries(fields).map(([name, value]) => [name, BigInt(value)]);
    expect(found).toEqual(Object.fromEntries(expected));
    expect(structure(of, { ...(of.byName.has('Length') ? { Length: 0 } : {}), ...fields })).toEqual(
      raw,
    );
  });
});
