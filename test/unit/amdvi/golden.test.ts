import { describe, expect, test } from 'vitest';
import * as commands from '../../../core/amdvi/commands.ts';
import * as events from '../../../core/amdvi/event-layouts.ts';
import { AMD_REGISTERS } from '../../../core/amdvi/registers.ts';
import { counterRegisters } from '../../../core/amdvi/registers-counters.ts';
import type { Layout } from '../../../core/bits/layout.ts';
import { decode, encode } from '../../../core/bits/layout.ts';
import { CAPABILITY_TILINGS, CAPABILITY_VECTORS } from './golden/capability.ts';
import { ENTRY_TILINGS } from './golden/entries.ts';
import { COUNTER_OFFSETS, REGISTER_OFFSETS, REGISTER_TILINGS } from './golden/registers.ts';
import { exportedLayouts, ownersIn, ownersOf } from '../../support/tiling.ts';
import { VECTORS as OTHERS } from './golden/vectors.ts';

const TILINGS = [...ENTRY_TILINGS, ...REGISTER_TILINGS, ...CAPABILITY_TILINGS];
const VECTORS = [...OTHERS, ...CAPABILITY_VECTORS];
const CORE = new URL('../../../core/amdvi/', import.meta.url);

test('every layout has its places written a second time, and a raw word with its fields', async () => {
  const layouts = await exportedLayouts(CORE);
  expect(layouts.length).toBeGreaterThan(90);
  const without = (having: ReadonlySet<Layout>): string[] =>
    layouts.filter((each) => !having.has(each)).map((each) => each.name);
  expect(without(new Set(TILINGS.map((each) => each.of)))).toEqual([]);
  expect(without(new Set(VECTORS.map((each) => each.of)))).toEqual([]);
});

test('every layout names its section; commands, events and registers each their own', async () => {
  const layouts = await exportedLayouts(CORE);
  for (const each of layouts) expect(each.spec, each.name).toMatch(/^48882 .*§\d/);
  const sections = (what: RegExp): number =>
    new Set(layouts.map((each) => each.spec).filter((spec) => what.test(spec))).size;
  expect(sections(/§2\.4\.\d/)).toBe(commands.COMMANDS.size);
  expect(sections(/§2\.5\.\d/)).toBe(events.EVENTS.size);
  const registers = [...new Set(AMD_REGISTERS.map((each) => each.layout))];
  expect(new Set(registers.map((each) => each.spec)).size).toBe(registers.length);
  for (const layout of registers) {
    const all = AMD_REGISTERS.filter((each) => each.layout === layout);
    for (const { offset } of [all[0], all[all.length - 1]])
      expect(layout.spec, layout.name).toContain(`${hexOffset(offset)}h`);
  }
});

const hexOffset = (offset: number): string => offset.toString(16).toUpperCase().padStart(4, '0');

describe('the places of the fields agree with another source, bit by bit', () => {
  test.each(TILINGS)('$of.name: $from', ({ of, bits }) => {
    expect(ownersIn(of)).toEqual(ownersOf(bits));
  });
});

describe('golden vectors', () => {
  test.each(VECTORS)('$of.name: $from', ({ of, words, fields }) => {
    const found = Object.fromEntries(
      decode(of, words)
        .filter(({ value }) => value !== 0n)
        .map(({ field, value }) => [field.name, value]),
    );
    const expected = Object.entries(fields).map(([name, value]) => [name, BigInt(value)]);
    expect(found).toEqual(Object.fromEntries(expected));
    expect(encode(of, fields)).toEqual(words);
  });
});

describe('the registers stand where other sources have them', () => {
  test('all of them, each once', () => {
    expect(AMD_REGISTERS.map(({ offset, name }) => [offset, name])).toEqual(REGISTER_OFFSETS);
  });

  test.each(COUNTER_OFFSETS)('%i: %s', (offset, name) => {
    expect(counterRegisters(2, 2).find((each) => each.offset === offset)?.name).toBe(name);
  });
});
