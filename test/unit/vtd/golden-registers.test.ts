/** Every register of VT-d has its own section and at least one golden vector. */
import { describe, expect, test } from 'vitest';
import { reservedSet } from '../../../core/bits/layout.ts';
import type { RegisterDefinition } from '../../../core/iommu/registers.ts';
import { RegisterWords } from '../../../core/memory/mmio.ts';
import {
  FIXED_REGISTERS,
  faultRecordRegisters,
  intelRegisters,
  invalidationRegisters,
  registerWords,
} from '../../../core/vtd/registers.ts';
import { captureJson } from '../../support/captures.ts';
import { told } from './golden.ts';
import { CAPTURED, GLOBAL_REGISTERS } from './golden-registers.ts';
import { OPTIONAL_REGISTERS } from './golden-registers-optional.ts';

const GOLDEN = [...GLOBAL_REGISTERS, ...OPTIONAL_REGISTERS];

/** A unit with one of everything: a counter with all filters and one event group of its own. */
const EVERYTHING = new RegisterWords(
  new Map([
    [0x00c, 0x2000_0000],
    [0x300, 1 | (48 << 16) | (1 << 24)],
    [0x304, 0x1f | (1 << 19)],
    [0x310, 0x1000],
    [0x314, 0x1800],
    [0x318, 0x1808],
    [0x31c, 0x2000],
    [0x1080, 0x1000_3001],
  ]),
  'file',
  true,
);

/** All definitions, once each; those whose place a capability tells stand in for their kind. */
const definitions = new Map<string, RegisterDefinition>(
  [
    ...FIXED_REGISTERS,
    ...invalidationRegisters(0n),
    ...faultRecordRegisters(0n),
    ...intelRegisters(EVERYTHING).filter(({ name }) => name.startsWith('PERF')),
  ].map((definition) => [definition.name, definition]),
);

/** Raw value as the words that the layout decodes. */
const wordsOf = (definition: RegisterDefinition, raw: bigint): readonly bigint[] =>
  definition.layout.width === 128 ? registerWords(raw) : [raw];

describe('golden vectors of registers', () => {
  test.each(GOLDEN)('$name = $raw: $source', ({ name, raw, fields }) => {
    const definition = definitions.get(name)!;
    const words = wordsOf(definition, raw);
    expect(told(definition.layout, words)).toEqual(fields);
    const reserved = reservedSet(definition.layout, words).map((field) => field.name);
    const { byName } = definition.layout;
    expect(reserved).toEqual(
      Object.keys(fields).filter((field) => byName.get(field)?.kind === 'reserved'),
    );
  });

  test('every register has one, and none names a register that is not there', () => {
    const covered = new Set(GOLDEN.map(({ name }) => name));
    expect([...definitions.keys()].filter((name) => !covered.has(name))).toEqual([]);
    expect([...covered].filter((name) => !definitions.has(name))).toEqual([]);
  });

  test.each(CAPTURED)(
    '$name of $capture is what was captured',
    ({ name, capture, offset, raw }) => {
      const { units } = captureJson<{ units: { registers: Record<string, string> }[] }>(
        capture,
        'regs.before.json',
      );
      const word = (at: number): bigint =>
        BigInt(units[0].registers[`0x${at.toString(16).padStart(3, '0')}`] ?? '0x0');
      const count = definitions.get(name)!.layout.width / 32;
      let value = 0n;
      for (let at = 0; at < count; at++) value |= word(offset + 4 * at) << BigInt(32 * at);
      expect(value).toBe(raw);
    },
  );
});

describe('sections', () => {
  /** Registers that share one: arrays of the same form, and the queue of commands' capabilities. */
  const kind = (name: string): string =>
    name.replace(/(?<=^MTRR_FIX).*|(?<=^MTRR_)PHYS(BASE|MASK)\d$/, '');

  test('each register has its own; AFLOG the one of the last revision that has it', () => {
    const owners = new Map<string, Set<string>>();
    for (const { name, layout } of definitions.values()) {
      expect(layout.spec).toMatch(
        name === 'AFLOG' ? /^VT-d 3\.1 §10\.4\.\d+$/ : /^VT-d 5\.10 §11\.4(\.\d+){1,3}$/,
      );
      const of = owners.get(layout.spec) ?? new Set();
      owners.set(layout.spec, of.add(kind(name)));
    }
    expect([...owners].filter(([, names]) => names.size > 1)).toEqual([]);
  });
});
