/**
 * Invalidation descriptors (VT-d §6.5.2), page requests (§7.4.1.1) and their responses (§7.6.1). A unit in
 * scalable mode may use descriptors of 256 bits; their upper half is reserved.
 */
import type { Field, Layout, Words } from '../bits/layout.ts';
import { field, layout, pieced, reserved } from '../bits/layout.ts';
import { specification } from './define.ts';

/** A descriptor's type stands in two pieces: bits 3:0 and 11:9. */
const TYPES = {
  1: 'context-cache invalidate',
  2: 'IOTLB invalidate',
  3: 'Device-TLB invalidate',
  4: 'interrupt entry cache invalidate',
  5: 'invalidation wait',
  6: 'PASID-based IOTLB invalidate',
  7: 'PASID-cache invalidate',
  8: 'PASID-based Device-TLB invalidate',
  9: 'page group response',
  10: 'host permission table cache invalidate',
} as const;

const TYPE: Field = pieced(
  'TYPE',
  [
    { high: 3, low: 0 },
    { high: 11, low: 9 },
  ],
  'Type of the descriptor',
  { values: TYPES },
);

const DOMAIN = field('DID', 31, 16, 'Domain identifier');
const PASID = field('PASID', 51, 32, 'PASID');
const address = (meaning: string): Field =>
  field('ADDR', 127, 76, meaning, { kind: 'address', shift: 12 });
const PF_SOURCE: Field = pieced(
  'PFSID',
  [
    { high: 15, low: 12 },
    { high: 63, low: 52 },
  ],
  'Source identifier of the physical function, for throttling',
  { kind: 'bdf' },
);
const SELECTION: readonly Field[] = [
  field('AM', 69, 64, 'Address mask: 2^AM pages'),
  field('IH', 70, 70, 'Invalidation hint: only leaf entries changed'),
  reserved(75, 71),
  address('First page to invalidate'),
];

interface Shape {
  readonly fields: readonly Field[];
  readonly section: string;
}

const SHAPES: ReadonlyMap<number, Shape> = new Map<number, Shape>([
  [
    1,
    {
      fields: [
        TYPE,
        field('G', 5, 4, 'Granularity', { values: { 1: 'global', 2: 'domain', 3: 'device' } }),
        reserved(8, 6),
        reserved(15, 12),
        DOMAIN,
        field('SID', 47, 32, 'Source identifier', { kind: 'bdf' }),
        field('FM', 49, 48, 'Function mask: low function bits that are not compared'),
        reserved(63, 50),
        reserved(127, 64),
      ],
      section: '§6.5.2.1',
    },
  ],
  [
    2,
    {
      fields: [
        TYPE,
        field('G', 5, 4, 'Granularity', { values: { 1: 'global', 2: 'domain', 3: 'page' } }),
        field('DW', 6, 6, 'Drain writes'),
        field('DR', 7, 7, 'Drain reads'),
        reserved(8, 8),
        reserved(15, 12),
        DOMAIN,
        reserved(63, 32),
        ...SELECTION,
      ],
      section: '§6.5.2.3',
    },
  ],
  [
    3,
    {
      fields: [
        TYPE,
        reserved(8, 4),
        PF_SOURCE,
        field('MIP', 20, 16, 'Most invalidations that may be pending at the device'),
        reserved(31, 21),
        field('SID', 47, 32, 'Source identifier', { kind: 'bdf' }),
        reserved(51, 48),
        field('S', 64, 64, 'Size: the lowest 0 in ADDR gives the range'),
        reserved(75, 65),
        address('First page to invalidate'),
      ],
      section: '§6.5.2.5',
    },
  ],
  [
    4,
    {
      fields: [
        TYPE,
        field('G', 4, 4, 'Granularity', { values: { 0: 'global', 1: 'index-selective' } }),
        reserved(8, 5),
        reserved(26, 12),
        field('IM', 31, 27, 'Index mask: 2^IM entries'),
        field('IIDX', 47, 32, 'First interrupt index', { kind: 'index' }),
        reserved(63, 48),
        reserved(127, 64),
      ],
      section: '§6.5.2.8',
    },
  ],
  [
    5,
    {
      fields: [
        TYPE,
        field('IF', 4, 4, 'Interrupt flag: completion raises the invalidation event'),
        field('SW', 5, 5, 'Status write: STDATA is written to STADDR'),
        field('FN', 6, 6, 'Fence: later descriptors wait for earlier ones'),
        field('PD', 7, 7, 'Page-request drain'),
        reserved(8, 8),
        reserved(31, 12),
        field('STDATA', 63, 32, 'Status data'),
        reserved(65, 64),
        field('STADDR', 127, 66, 'Status address', { kind: 'address', shift: 2 }),
      ],
      section: '§6.5.2.9',
    },
  ],
  [
    6,
    {
      fields: [
        TYPE,
        field('G', 5, 4, 'Granularity', { values: { 2: 'PASID', 3: 'page' } }),
        reserved(8, 6),
        reserved(15, 12),
        DOMAIN,
        PASID,
        reserved(63, 52),
        ...SELECTION,
      ],
      section: '§6.5.2.4',
    },
  ],
  [
    7,
    {
      fields: [
        TYPE,
        field('G', 5, 4, 'Granularity', { values: { 0: 'domain', 1: 'PASID', 3: 'global' } }),
        reserved(8, 6),
        reserved(15, 12),
        DOMAIN,
        PASID,
        reserved(63, 52),
        reserved(127, 64),
      ],
      section: '§6.5.2.2',
    },
  ],
  [
    8,
    {
      fields: [
        TYPE,
        field('MIP', 8, 4, 'Most invalidations that may be pending at the device'),
        PF_SOURCE,
        field('SID', 31, 16, 'Source identifier', { kind: 'bdf' }),
        PASID,
        field('GI', 64, 64, 'Global invalidate: all PASIDs'),
        reserved(74, 65),
        field('S', 75, 75, 'Size: the lowest 0 in ADDR gives the range'),
        address('First page to invalidate'),
      ],
      section: '§6.5.2.6',
    },
  ],
  [
    9,
    {
      fields: [
        TYPE,
        field('PP', 4, 4, 'PASID is present'),
        reserved(8, 5),
        field('RC', 15, 12, 'Response code', {
          values: { 0: 'success', 1: 'invalid request', 15: 'response failure' },
        }),
        field('RID', 31, 16, 'Requester identifier', { kind: 'bdf' }),
        PASID,
        reserved(63, 52),
        reserved(65, 64),
        field('LPIG', 66, 66, 'Last page in group; ignored since revision 5.1'),
        field('PRGI', 75, 67, 'Page request group index', { kind: 'index' }),
        reserved(127, 76),
      ],
      section: '§7.6.1',
    },
  ],
  [
    10,
    {
      fields: [
        TYPE,
        field('G', 5, 4, 'Granularity', { values: { 1: 'global', 2: 'domain', 3: 'page' } }),
        reserved(8, 6),
        reserved(15, 12),
        field('HPTDID', 31, 16, 'Host permission table domain identifier'),
        reserved(63, 32),
        field('AM', 69, 64, 'Address mask: 2^AM pages'),
        field('IH', 71, 70, 'Invalidation hint: levels to invalidate', {
          values: { 0: 'L1', 1: 'L2 and L1', 2: 'L3 to L1', 3: 'all levels' },
        }),
        reserved(75, 72),
        address('First page to invalidate'),
      ],
      section: '§6.5.2.7',
    },
  ],
]);

const UNKNOWN: Shape = {
  fields: [TYPE, reserved(8, 4), reserved(63, 12), reserved(127, 64)],
  section: '§6.5.2',
};

function make(type: number, width: 128 | 256): Layout {
  const { fields, section } = SHAPES.get(type) ?? UNKNOWN;
  const name = TYPES[type as keyof typeof TYPES] ?? 'invalidation descriptor of unknown type';
  const more = width === 256 ? [reserved(191, 128), reserved(255, 192)] : [];
  return layout(name, width, [...fields, ...more], { spec: specification(section) });
}

const TYPE_NUMBERS: readonly number[] = [0, ...SHAPES.keys()];

/** Layouts of 128-bit descriptors by type; type 0 stands for all that the specification lacks. */
export const DESCRIPTORS_128: ReadonlyMap<number, Layout> = new Map(
  TYPE_NUMBERS.map((type) => [type, make(type, 128)]),
);
/** Layouts of 256-bit descriptors by type. */
export const DESCRIPTORS_256: ReadonlyMap<number, Layout> = new Map(
  TYPE_NUMBERS.map((type) => [type, make(type, 256)]),
);

/** A descriptor's type from its first word. */
export function descriptorType(words: Words): number {
  return Number((words[0] & 0xfn) | (((words[0] >> 9n) & 7n) << 4n));
}

/** The layout of a descriptor of 16 or 32 bytes with this content. */
export function descriptorLayout(words: Words, bytes: number): Layout {
  const layouts = bytes === 32 ? DESCRIPTORS_256 : DESCRIPTORS_128;
  return layouts.get(descriptorType(words)) ?? layouts.get(0)!;
}

/** §7.4.1.1: what the unit writes into the page request queue, 256 bits. */
export const PAGE_REQUEST = layout(
  'page request',
  256,
  [
    field('TYPE', 7, 0, 'Type', { values: { 1: 'page request' } }),
    field('PP', 8, 8, 'PASID is present'),
    field('PDP', 9, 9, 'Private data is present; reserved since revision 3.4'),
    reserved(15, 10),
    field('RID', 31, 16, 'Requester identifier', { kind: 'bdf' }),
    field('PASID', 51, 32, 'PASID'),
    field('EXR', 52, 52, 'Execute is requested'),
    field('PMR', 53, 53, 'Supervisor privilege is requested'),
    reserved(63, 54),
    field('RDR', 64, 64, 'Read is requested'),
    field('WRR', 65, 65, 'Write is requested'),
    field('LPIG', 66, 66, 'Last page in group'),
    field('PRGI', 75, 67, 'Page request group index', { kind: 'index' }),
    field('ADDR', 127, 76, 'Page address', { kind: 'address', shift: 12 }),
    field(
      'PRIVATE0',
      191,
      128,
      'Private data, returned with the response; reserved since revision 3.4',
    ),
    field(
      'PRIVATE1',
      255,
      192,
      'Private data, returned with the response; reserved since revision 3.4',
    ),
  ],
  { spec: specification('§7.4.1.1') },
);
