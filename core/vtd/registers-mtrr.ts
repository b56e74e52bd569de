/** Memory type range registers of units that support memory types (VT-d §11.4.12). */
import { field, reserved } from '../bits/layout.ts';
import type { RegisterDefinition } from '../iommu/registers.ts';
import { register } from './define.ts';

const MEMORY_TYPES = {
  0: 'uncacheable',
  1: 'write combining',
  4: 'write through',
  5: 'write protected',
  6: 'write back',
};

/** Names of the fixed ranges, in the order of their registers. */
const FIXED = [
  'FIX64K_00000',
  'FIX16K_80000',
  'FIX16K_A0000',
  'FIX4K_C0000',
  'FIX4K_C8000',
  'FIX4K_D0000',
  'FIX4K_D8000',
  'FIX4K_E0000',
  'FIX4K_E8000',
  'FIX4K_F0000',
  'FIX4K_F8000',
] as const;
const FIXED_OFFSET = 0x120;
const VARIABLE_OFFSET = 0x180;
/** Pairs of base and mask that have offsets; MTRRCAP.VCNT says how many of them exist. */
const VARIABLE_PAIRS = 10;

const fixed = (name: string, at: number): RegisterDefinition =>
  register(
    `MTRR_${name}`,
    `Fixed-range MTRR ${name}`,
    FIXED_OFFSET + 8 * at,
    64,
    Array.from({ length: 8 }, (_, range) =>
      field(`R${range}`, 8 * range + 7, 8 * range, `Memory type of sub-range ${range}`, {
        values: MEMORY_TYPES,
        access: 'RW',
      }),
    ),
    '§11.4.12.3',
  );

const variable = (pair: number): RegisterDefinition[] => [
  register(
    `MTRR_PHYSBASE${pair}`,
    `Variable-range MTRR base ${pair}`,
    VARIABLE_OFFSET + 16 * pair,
    64,
    [
      field('TYPE', 7, 0, 'Memory type', { values: MEMORY_TYPES, access: 'RW' }),
      reserved(11, 8),
      field('PHYSBASE', 63, 12, 'Base of the range', {
        kind: 'address',
        shift: 12,
        access: 'RW',
      }),
    ],
    '§11.4.12.4',
  ),
  register(
    `MTRR_PHYSMASK${pair}`,
    `Variable-range MTRR mask ${pair}`,
    VARIABLE_OFFSET + 16 * pair + 8,
    64,
    [
      reserved(10, 0),
      field('V', 11, 11, 'Valid', { access: 'RW' }),
      field('PHYSMASK', 63, 12, 'Mask of the range', { kind: 'address', shift: 12, access: 'RW' }),
    ],
    '§11.4.12.4',
  ),
];

export const MEMORY_TYPE_REGISTERS: readonly RegisterDefinition[] = [
  register(
    'MTRRCAP',
    'MTRR capability',
    0x100,
    64,
    [
      field('VCNT', 7, 0, 'Variable-range registers', { access: 'RO' }),
      field('FIX', 8, 8, 'Fixed-range registers are there', { access: 'RO' }),
      reserved(9, 9),
      field('WC', 10, 10, 'Write combining is there', { access: 'RO' }),
      reserved(63, 11),
    ],
    '§11.4.12.1',
  ),
  register(
    'MTRRDEF',
    'MTRR default type',
    0x108,
    64,
    [
      field('TYPE', 7, 0, 'Default memory type', { values: MEMORY_TYPES, access: 'RW' }),
      reserved(9, 8),
      field('FE', 10, 10, 'Fixed-range registers are enabled', { access: 'RW' }),
      field('E', 11, 11, 'MTRRs are enabled', { access: 'RW' }),
      reserved(63, 12),
    ],
    '§11.4.12.2',
  ),
  ...FIXED.map(fixed),
  ...Array.from({ length: VARIABLE_PAIRS }, (_, pair) => variable(pair)).flat(),
];
