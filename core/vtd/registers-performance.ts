/** Performance monitoring (ECAP.PMS) (VT-d 4.1 chapter 10 and §11.4). */
import { field, reserved } from '../bits/layout.ts';
import type { RegisterDefinition } from '../iommu/registers.ts';
import type { MmioSpace } from '../memory/mmio.ts';
import { eventRegisters, register } from './define.ts';

const MAX_COUNTERS = 64;
const MAX_GROUPS = 16;
const CONFIGURATION_STRIDE = 0x100;
const EVENT_CAPABILITY = 0x380;

const offsetRegister = (name: string, title: string, offset: number): RegisterDefinition =>
  register(name, title, offset, 32, [
    field('OFFSET', 31, 0, "Bytes from the unit's base", { kind: 'address', access: 'RO' }),
  ]);

export const PERFCAP = register('PERFCAP', 'Performance monitoring capability', 0x300, 64, [
  field('NCNTR', 15, 0, 'Number of counters', { access: 'RO' }),
  field('CNTRW', 22, 16, 'Bits in a counter', { access: 'RO' }),
  reserved(23, 23),
  field('NEG', 28, 24, 'Number of event groups', { access: 'RO' }),
  reserved(31, 29),
  field('FILTERS', 36, 32, 'Filters: requester, domain, PASID, address type, page table level', {
    access: 'RO',
  }),
  reserved(49, 37),
  field('INT', 50, 50, 'Interrupt on overflow', { access: 'RO' }),
  reserved(51, 51),
  field('STRIDE', 54, 52, 'Counters stand 2^(STRIDE + 10) bytes apart', { access: 'RO' }),
  reserved(63, 55),
]);

const PERFCFGOFF = offsetRegister('PERFCFGOFF', 'Performance configuration offset', 0x310);
const PERFFRZOFF = offsetRegister('PERFFRZOFF', 'Performance freeze offset', 0x314);
const PERFOVFOFF = offsetRegister('PERFOVFOFF', 'Performance overflow offset', 0x318);
const PERFCNTROFF = offsetRegister('PERFCNTROFF', 'Performance counter offset', 0x31c);

export const PERFORMANCE_FIXED: readonly RegisterDefinition[] = [
  PERFCAP,
  PERFCFGOFF,
  PERFFRZOFF,
  PERFOVFOFF,
  PERFCNTROFF,
  register('PERFINTRSTS', 'Performance interrupt status', 0x324, 32, [
    field('PIS', 0, 0, 'A counter overflowed', { access: 'RW1C' }),
    reserved(31, 1),
  ]),
  ...eventRegisters('PERFINTR', 'Performance', 0x328),
];

const eventCapability = (group: number): RegisterDefinition =>
  register(
    `PERFEVNTCAP${group}`,
    `Performance event capability ${group}`,
    EVENT_CAPABILITY + 8 * group,
    64,
    [
      field('ES', 27, 0, 'Events of this group that the unit counts', { access: 'RO' }),
      reserved(63, 28),
    ],
  );

const configuration = (counter: number, offset: number): RegisterDefinition =>
  register(`PERFCFG${counter}`, `Performance configuration ${counter}`, offset, 64, [
    reserved(0, 0),
    field('INT', 1, 1, 'Interrupt on overflow', { access: 'RW' }),
    reserved(7, 2),
    field('EGI', 12, 8, 'Event group', { access: 'RW' }),
    reserved(31, 13),
    field('ES', 59, 32, 'Events to count', { access: 'RW' }),
    reserved(63, 60),
  ]);

/** The registers whose place PERFCAP and the offset registers tell; none where those are unknown. */
export function performanceRegisters(registers: MmioSpace): RegisterDefinition[] {
  const cap = registers.read(PERFCAP.offset, 64)?.value;
  if (cap === undefined || cap === 0n) return [];
  const counters = Math.min(Number(cap & 0xffffn), MAX_COUNTERS);
  const groups = Math.min(Number((cap >> 24n) & 0x1fn), MAX_GROUPS);
  const stride = 2 ** (Number((cap >> 52n) & 7n) + 10);
  const at = (which: RegisterDefinition): number | undefined => {
    const value = registers.read(which.offset, 32)?.value;
    return value === undefined || value === 0n ? undefined : Number(value);
  };
  const out = Array.from({ length: groups }, (_, group) => eventCapability(group));
  const [configurations, overflow, values] = [at(PERFCFGOFF), at(PERFOVFOFF), at(PERFCNTROFF)];
  for (let counter = 0; counter < counters; counter++) {
    if (configurations !== undefined)
      out.push(configuration(counter, configurations + CONFIGURATION_STRIDE * counter));
    if (values !== undefined)
      out.push(
        register(
          `PERFCNTR${counter}`,
          `Performance counter ${counter}`,
          values + stride * counter,
          64,
          [field('VALUE', 63, 0, 'Events counted', { access: 'RW' })],
        ),
      );
  }
  if (overflow !== undefined)
    out.push(
      register('PERFOVF', 'Performance overflow status', overflow, 64, [
        field('OVF', 63, 0, 'Bit n: counter n overflowed', { access: 'RW1C' }),
      ]),
    );
  return out;
}
