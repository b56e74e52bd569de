/** Invalidation queue, interrupt remapping table and page request queue (VT-d §11.4.9 to §11.4.11). */
import { field, reserved } from '../bits/layout.ts';
import type { RegisterDefinition } from '../iommu/registers.ts';
import { eventRegisters, register } from './define.ts';

export const IQH = register(
  'IQH',
  'Invalidation queue head',
  0x080,
  64,
  [
    reserved(3, 0),
    field('QH', 18, 4, 'Offset of the descriptor that the unit fetches next', {
      kind: 'address',
      shift: 4,
      access: 'RO',
    }),
    reserved(63, 19),
  ],
  '§11.4.9.1',
);

export const IQT = register(
  'IQT',
  'Invalidation queue tail',
  0x088,
  64,
  [
    reserved(3, 0),
    field('QT', 18, 4, 'Offset where software writes next', {
      kind: 'address',
      shift: 4,
      access: 'RW',
    }),
    reserved(63, 19),
  ],
  '§11.4.9.2',
);

export const IQA = register(
  'IQA',
  'Invalidation queue address',
  0x090,
  64,
  [
    field('QS', 2, 0, 'Queue size: 2^QS pages', { access: 'RW' }),
    reserved(10, 3),
    field('DW', 11, 11, 'Descriptor width', {
      values: { 0: '128 bits', 1: '256 bits' },
      access: 'RW',
    }),
    field('IQA', 63, 12, 'Invalidation queue base address', {
      kind: 'address',
      shift: 12,
      access: 'RW',
    }),
  ],
  '§11.4.9.3',
);

export const ICS = register(
  'ICS',
  'Invalidation completion status',
  0x09c,
  32,
  [
    field('IWC', 0, 0, 'A wait descriptor with its interrupt flag completed', { access: 'RW1C' }),
    reserved(31, 1),
  ],
  '§11.4.9.4',
);

export const INVALIDATION_EVENT: readonly RegisterDefinition[] = eventRegisters(
  'IE',
  'Invalidation',
  0x0a0,
  '§11.4.9',
  5,
);

export const IQERCD = register(
  'IQERCD',
  'Invalidation queue error record',
  0x0b0,
  64,
  [
    field('IQEI', 3, 0, 'Invalidation queue error', {
      values: {
        0: 'not available',
        1: 'tail pointer out of range',
        2: 'descriptor could not be fetched',
        3: 'descriptor type not supported',
        4: 'reserved field in descriptor',
        5: 'descriptor width not supported',
        6: 'tail not aligned',
        7: 'translation table mode forbids the descriptor',
      },
      access: 'RO',
    }),
    reserved(31, 4),
    field('ITESID', 47, 32, 'Device that did not answer in time', { kind: 'bdf', access: 'RO' }),
    field('ICESID', 63, 48, 'Device that answered wrongly', { kind: 'bdf', access: 'RO' }),
  ],
  '§11.4.9.9',
);

export const IRTA = register(
  'IRTA',
  'Interrupt remapping table address',
  0x0b8,
  64,
  [
    field('S', 3, 0, 'Size: 2^(S + 1) entries', { access: 'RW' }),
    reserved(10, 4),
    field('EIME', 11, 11, 'Extended interrupt mode enable: 32-bit destinations', { access: 'RW' }),
    field('IRTA', 63, 12, 'Interrupt remapping table address', {
      kind: 'address',
      shift: 12,
      access: 'RW',
    }),
  ],
  '§11.4.10',
);

const pageRequestPointer = (
  name: string,
  title: string,
  offset: number,
  meaning: string,
  section: string,
): RegisterDefinition =>
  register(
    name,
    title,
    offset,
    64,
    [
      reserved(4, 0),
      field(name, 18, 5, meaning, { kind: 'address', shift: 5, access: 'RW' }),
      reserved(63, 19),
    ],
    section,
  );

export const PAGE_REQUEST_QUEUE: readonly RegisterDefinition[] = [
  pageRequestPointer(
    'PQH',
    'Page request queue head',
    0x0c0,
    'Offset where software reads next',
    '§11.4.11.1',
  ),
  pageRequestPointer(
    'PQT',
    'Page request queue tail',
    0x0c8,
    'Offset where the unit writes next',
    '§11.4.11.2',
  ),
  register(
    'PQA',
    'Page request queue address',
    0x0d0,
    64,
    [
      field('PQS', 2, 0, 'Queue size: 2^PQS pages', { access: 'RW' }),
      reserved(11, 3),
      field('PQA', 63, 12, 'Page request queue base address', {
        kind: 'address',
        shift: 12,
        access: 'RW',
      }),
    ],
    '§11.4.11.3',
  ),
  register(
    'PRS',
    'Page request status',
    0x0dc,
    32,
    [
      field('PPR', 0, 0, 'Pending page request', { access: 'RW1C' }),
      field('PRO', 1, 1, 'Page request overflow: requests were dropped', { access: 'RW1C' }),
      reserved(31, 2),
    ],
    '§11.4.11.4',
  ),
  ...eventRegisters('PE', 'Page request', 0x0e0, '§11.4.11', 5),
];
