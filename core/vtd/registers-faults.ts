/** Faults and protected memory (VT-d §11.4.7, §11.4.8). */
import { field, reserved } from '../bits/layout.ts';
import type { RegisterDefinition } from '../iommu/registers.ts';
import { eventRegisters, register } from './define.ts';

export const FSTS = register(
  'FSTS',
  'Fault status',
  0x034,
  32,
  [
    field('PFO', 0, 0, 'Primary fault overflow: records were lost', { access: 'RW1C' }),
    field('PPF', 1, 1, 'Primary pending fault: a record waits', { access: 'RO' }),
    field('AFO', 2, 2, 'Advanced fault overflow; removed in revision 4.0', { access: 'RW1C' }),
    field('APF', 3, 3, 'Advanced pending fault; removed in revision 4.0', { access: 'RW1C' }),
    field('IQE', 4, 4, 'Invalidation queue error', { access: 'RW1C' }),
    field('ICE', 5, 5, 'Invalidation completion error', { access: 'RW1C' }),
    field('ITE', 6, 6, 'Invalidation time-out error: a device did not answer', { access: 'RW1C' }),
    field('PRO', 7, 7, 'Page request overflow; deprecated, see PRS', { access: 'RW1C' }),
    field('FRI', 15, 8, 'Index of the first pending record, valid with PPF', {
      kind: 'index',
      access: 'RO',
    }),
    reserved(31, 16),
  ],
  '§11.4.7.1',
);

export const FAULT_EVENT: readonly RegisterDefinition[] = eventRegisters(
  'FE',
  'Fault',
  0x038,
  '§11.4.7',
  2,
);

/** Removed in revision 4.0; units before it may have it. */
export const AFLOG = register(
  'AFLOG',
  'Advanced fault log',
  0x058,
  64,
  [
    reserved(8, 0),
    field('FLS', 11, 9, 'Fault log size: 2^FLS pages', { access: 'RW' }),
    field('FLA', 63, 12, 'Fault log address', { kind: 'address', shift: 12, access: 'RW' }),
  ],
  '§10.4.15',
  '3.1',
);

/** One fault recording register, at CAP.FRO + 16 times its index. */
export function faultRecordRegister(index: number, offset: number): RegisterDefinition {
  return register(
    `FRCD${index}`,
    `Fault recording ${index}`,
    offset,
    128,
    [
      reserved(11, 0),
      field(
        'FI',
        63,
        12,
        'Fault information: the page address; for interrupts the index in 63:48',
        {
          kind: 'address',
          shift: 12,
          access: 'RO',
        },
      ),
      field('SID', 79, 64, 'Source identifier', { kind: 'bdf', access: 'RO' }),
      reserved(91, 80),
      field('T2', 92, 92, 'Type, second bit', { access: 'RO' }),
      field('PRIV', 93, 93, 'Supervisor privilege was requested', { access: 'RO' }),
      field('EXE', 94, 94, 'Execute permission was requested', { access: 'RO' }),
      field('PP', 95, 95, 'PASID is present', { access: 'RO' }),
      field('FR', 103, 96, 'Fault reason', { access: 'RO' }),
      field('PV', 123, 104, 'PASID value', { access: 'RO' }),
      field('AT', 125, 124, 'Address type', {
        values: { 0: 'untranslated', 1: 'translation request', 2: 'translated', 3: 'reserved' },
        access: 'RO',
      }),
      field('T1', 126, 126, 'Type, first bit: with T2 = 0, 0 is a write and 1 a read', {
        access: 'RO',
      }),
      field('F', 127, 127, 'Fault: the record is valid', { access: 'RW1C' }),
    ],
    '§11.4.7.6',
  );
}

export const PROTECTED_MEMORY: readonly RegisterDefinition[] = [
  register(
    'PMEN',
    'Protected memory enable',
    0x064,
    32,
    [
      field('PRS', 0, 0, 'Protected region status', { access: 'RO' }),
      reserved(30, 1),
      field('EPM', 31, 31, 'Enable protected memory', { access: 'RW' }),
    ],
    '§11.4.8.1',
  ),
  register(
    'PLMBASE',
    'Protected low-memory base',
    0x068,
    32,
    [
      field('PLMB', 31, 0, 'Protected low-memory base; low bits read as zero', {
        kind: 'address',
        access: 'RW',
      }),
    ],
    '§11.4.8.2',
  ),
  register(
    'PLMLIMIT',
    'Protected low-memory limit',
    0x06c,
    32,
    [
      field('PLML', 31, 0, 'Protected low-memory limit; low bits read as zero', {
        kind: 'address',
        access: 'RW',
      }),
    ],
    '§11.4.8.3',
  ),
  register(
    'PHMBASE',
    'Protected high-memory base',
    0x070,
    64,
    [
      field('PHMB', 63, 0, 'Protected high-memory base; low bits read as zero', {
        kind: 'address',
        access: 'RW',
      }),
    ],
    '§11.4.8.4',
  ),
  register(
    'PHMLIMIT',
    'Protected high-memory limit',
    0x078,
    64,
    [
      field('PHML', 63, 0, 'Protected high-memory limit; low bits read as zero', {
        kind: 'address',
        access: 'RW',
      }),
    ],
    '§11.4.8.5',
  ),
];
