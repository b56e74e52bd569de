/** Performance monitoring (ECAP.PMS) (VT-d chapter 10 and §11.4.13). */
import type { Field } from '../bits/layout.ts';
import { field, reserved, valueOf } from '../bits/layout.ts';
import type { RegisterDefinition } from '../iommu/registers.ts';
import type { MmioSpace } from '../memory/mmio.ts';
import { eventRegisters, register } from './define.ts';
import {
  FILTERS,
  counterCapability,
  counterConfiguration,
  counterEventCapability,
  counterValue,
} from './registers-counters.ts';

const MAX_COUNTERS = 64;
const MAX_GROUPS = 16;
const CONFIGURATION_STRIDE = 0x100;
const EVENT_CAPABILITY = 0x380;
const COUNTER_CAPABILITY = 0x80;
const COUNTER_EVENTS = 0x84;

const has = (name: string, at: number, meaning: string): Field =>
  field(name, at, at, meaning, { access: 'RO' });

const PERFCAP = register(
  'PERFCAP',
  'Performance monitoring capability',
  0x300,
  64,
  [
    field('NCNTR', 15, 0, 'Number of counters', { access: 'RO' }),
    field('CW', 22, 16, 'Bits in a counter', { access: 'RO' }),
    reserved(23, 23),
    field('EGCNT', 28, 24, 'Number of event groups', { access: 'RO' }),
    reserved(31, 29),
    has('RIDFS', 32, 'Events are filtered by requester'),
    has('DIDFS', 33, 'Events are filtered by domain'),
    has('PASIDFS', 34, 'Events are filtered by PASID'),
    has('ATFS', 35, 'Events are filtered by address type'),
    has('PTLFS', 36, 'Events are filtered by page table level'),
    reserved(47, 37),
    has('CWE', 48, 'Counters may be written while enabled'),
    has('GFS', 49, 'An overflow can freeze all counters'),
    has('IOS', 50, 'Interrupt on overflow'),
    has('PCCS', 51, 'Each counter has its own capabilities'),
    field('CS', 54, 52, 'Counters stand 2^(CS + 10) bytes apart', { access: 'RO' }),
    reserved(59, 55),
    field('reserved 63:60', 63, 60, 'Reserved; reads as 15', { kind: 'ignored', access: 'RO' }),
  ],
  '§11.4.13.2',
);

const offsetRegister = (
  name: string,
  what: string,
  offset: number,
  fieldName: string,
  section: string,
): RegisterDefinition =>
  register(
    name,
    `Performance ${what} offset`,
    offset,
    32,
    [field(fieldName, 31, 0, "Bytes from the unit's base", { kind: 'address', access: 'RO' })],
    section,
  );

const CONFIGURATION = offsetRegister('PERFCFGOFF', 'configuration', 0x310, 'CFGO', '§11.4.13.3');
const FREEZE = offsetRegister('PERFFRZOFF', 'freeze', 0x314, 'FZO', '§11.4.13.4');
const OVERFLOW = offsetRegister('PERFOVFOFF', 'overflow', 0x318, 'OFO', '§11.4.13.5');
const COUNTERS = offsetRegister('PERFCNTROFF', 'counter', 0x31c, 'CNTO', '§11.4.13.6');

export const PERFORMANCE_FIXED: readonly RegisterDefinition[] = [
  PERFCAP,
  CONFIGURATION,
  FREEZE,
  OVERFLOW,
  COUNTERS,
  register(
    'PERFINTRSTS',
    'Performance interrupt status',
    0x324,
    32,
    [
      field('PIS', 0, 0, 'A counter whose overflow interrupts did overflow', { access: 'RW1C' }),
      reserved(31, 1),
    ],
    '§11.4.13.7',
  ),
  ...eventRegisters('PERFINTR', 'Performance', 0x328, '§11.4.13', 8),
];

const eventCapability = (group: number): RegisterDefinition =>
  register(
    `PERFEVNTCAP${group}`,
    `Performance event capability ${group}`,
    EVENT_CAPABILITY + 8 * group,
    64,
    [
      field('ES', 27, 0, 'Bit n: event n of this group is counted', { access: 'RO' }),
      reserved(63, 28),
    ],
    '§11.4.13.14',
  );

/** One bit for each counter; `which` counts these registers. */
const statusRegister = (
  name: string,
  title: string,
  offset: number,
  which: number,
  bits: Field,
  section: string,
): RegisterDefinition =>
  register(`${name}${which}`, `${title} ${which}`, offset + 8 * which, 64, [bits], section);

/** The registers whose place PERFCAP and the offset registers tell; none where those are unknown. */
export function performanceRegisters(registers: MmioSpace): RegisterDefinition[] {
  const cap = registers.read(PERFCAP.offset, 64)?.value;
  if (cap === undefined || cap === 0n) return [];
  const number = (name: string): number => Number(valueOf(PERFCAP.layout, [cap], name));
  const at = (which: RegisterDefinition): number | undefined => {
    const value = registers.read(which.offset, 32)?.value;
    return value === undefined || value === 0n ? undefined : Number(value);
  };
  const counters = Math.min(number('NCNTR'), MAX_COUNTERS);
  const groups = Math.min(number('EGCNT'), MAX_GROUPS);
  const stride = 2 ** (number('CS') + 10);
  const out = Array.from({ length: groups }, (_, group) => eventCapability(group));
  const [configurations, values] = [at(CONFIGURATION), at(COUNTERS)];
  for (let counter = 0; counter < counters; counter++) {
    if (configurations !== undefined)
      out.push(
        ...configuration(registers, counter, configurations + CONFIGURATION_STRIDE * counter, cap),
      );
    if (values !== undefined) out.push(counterValue(counter, values + stride * counter));
  }
  out.push(...statusRegisters(at(FREEZE), at(OVERFLOW), Math.ceil(counters / 64)));
  return out;
}

/** What configures one counter, and in units that have it what this counter can. */
function configuration(
  registers: MmioSpace,
  counter: number,
  offset: number,
  cap: bigint,
): RegisterDefinition[] {
  const supported = (name: string): boolean => valueOf(PERFCAP.layout, [cap], name) === 1n;
  const out = [
    counterConfiguration(counter, offset),
    ...FILTERS.filter(({ capability }) => supported(capability)).map(({ make }) =>
      make(counter, offset),
    ),
  ];
  if (!supported('PCCS')) return out;
  const own = counterCapability(counter, offset + COUNTER_CAPABILITY);
  out.push(own);
  const value = registers.read(own.offset, 32)?.value;
  const groups = value === undefined ? 0 : Number(valueOf(own.layout, [value], 'EGCNT'));
  for (let group = 0; group < groups; group++)
    out.push(counterEventCapability(counter, group, offset + COUNTER_EVENTS + 4 * group));
  return out;
}

function statusRegisters(
  freeze: number | undefined,
  overflow: number | undefined,
  count: number,
): RegisterDefinition[] {
  const frozen = field('FS', 63, 0, 'Bit n: counter n is frozen', { access: 'RO' });
  const overflowed = field('OS', 63, 0, 'Bit n: counter n overflowed', { access: 'RW1C' });
  const out: RegisterDefinition[] = [];
  for (let which = 0; which < count; which++) {
    if (freeze !== undefined)
      out.push(
        statusRegister(
          'PERFFRZSTS',
          'Performance freeze status',
          freeze,
          which,
          frozen,
          '§11.4.13.12',
        ),
      );
    if (overflow !== undefined)
      out.push(
        statusRegister(
          'PERFOVFSTS',
          'Performance overflow status',
          overflow,
          which,
          overflowed,
          '§11.4.13.13',
        ),
      );
  }
  return out;
}
