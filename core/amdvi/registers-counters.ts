/** Performance counters: configuration, bank locks and the banks (48882 rev 3.08, §3.4). */
import type { Layout } from '../bits/layout.ts';
import { field, layout, reserved } from '../bits/layout.ts';
import type { RegisterDefinition } from '../iommu/registers.ts';

const at = (offset: string): { spec: string } => ({ spec: `48882 §3.4, MMIO offset ${offset}` });

export const COUNTER_CONFIGURATION = layout(
  'IOMMU Counter Configuration Register',
  64,
  [
    reserved(6, 0),
    field('NCounter', 10, 7, 'Counters in a bank', { access: 'RO' }),
    reserved(11, 11),
    field('NCounterBanks', 17, 12, 'Counter banks', { access: 'RO' }),
    reserved(63, 18),
  ],
  at('4000h'),
);

function bankLock(name: string, short: string, what: string, offset: string): Layout {
  return layout(
    name,
    64,
    [field(short, 63, 0, `Banks whose ${what} match registers are locked`, { access: 'RW' })],
    at(offset),
  );
}

export const PASID_BANK_LOCK = bankLock(
  'Counter PASID Bank Lock Register',
  'PasidLock',
  'PASID',
  '4008h',
);
export const DOMAIN_BANK_LOCK = bankLock(
  'Counter Domain Bank Lock Register',
  'DomainLock',
  'domain',
  '4010h',
);
export const DEVICE_BANK_LOCK = bankLock(
  'Counter DeviceID Bank Lock Register',
  'DeviceLock',
  'DeviceID',
  '4018h',
);

export const COUNTER = layout(
  'Counter Register',
  64,
  [field('ICounter', 47, 0, 'Events counted', { access: 'RW' }), reserved(63, 48)],
  at('40000h + bank × 1000h + counter × 100h'),
);

export const COUNTER_SOURCE = layout(
  'Counter Source Register',
  64,
  [
    field('CSource', 7, 0, 'Event that is counted; 0 stops the counter', { access: 'RW' }),
    reserved(29, 8),
    field('COUNT_UNITS', 30, 30, 'What the counter advances by', {
      access: 'RW',
      values: { 0: 'counter events', 1: 'clocks' },
    }),
    field('CAC', 31, 31, 'Architectural event (1) or one of this implementation (0)', {
      access: 'RW',
    }),
    reserved(63, 32),
  ],
  at('40008h + bank × 1000h + counter × 100h'),
);

function match(name: string, short: string, what: string, offset: string): Layout {
  return layout(
    name,
    64,
    [
      field(`${short}Match`, 15, 0, `${what} to match`, { access: 'RW' }),
      reserved(30, 16),
      field(`${short}En`, 31, 31, `Count only where the ${what} matches`, { access: 'RW' }),
      field(`${short}Mask`, 47, 32, `Bits of the ${what} that are compared`, { access: 'RW' }),
      reserved(63, 48),
    ],
    at(`${offset} + bank × 1000h + counter × 100h`),
  );
}

export const PASID_MATCH = match('PASID Match Register', 'Pasid', 'PASID', '40010h');
export const DOMAIN_MATCH = match('Domain Match Register', 'Domain', 'DomainID', '40018h');
export const DEVICE_MATCH = match('DeviceID Match Register', 'Device', 'DeviceID', '40020h');

export const COUNTER_REPORT = layout(
  'Counter Report Register',
  64,
  [
    field('EventNote', 51, 0, 'Written into the EVENT_COUNTER_ZERO event', { access: 'RW' }),
    reserved(62, 52),
    field('CERE', 63, 63, 'An event is logged when the counter wraps to zero', { access: 'RW' }),
  ],
  at('40028h + bank × 1000h + counter × 100h'),
);

const BANK_REGISTERS: readonly (readonly [string, number, Layout])[] = [
  ['Counter', 0x00, COUNTER],
  ['Counter Source', 0x08, COUNTER_SOURCE],
  ['PASID Match', 0x10, PASID_MATCH],
  ['Domain Match', 0x18, DOMAIN_MATCH],
  ['DeviceID Match', 0x20, DEVICE_MATCH],
  ['Counter Report', 0x28, COUNTER_REPORT],
];

/** The registers of every counter of `banks` banks with `counters` counters each. */
export function counterRegisters(banks: number, counters: number): RegisterDefinition[] {
  const out: RegisterDefinition[] = [];
  for (let bank = 0; bank < banks; bank++)
    for (let counter = 0; counter < counters; counter++)
      for (const [name, offset, of] of BANK_REGISTERS)
        out.push({
          name: `${name} ${bank}.${counter}`,
          title: `${of.name}, bank ${bank}, counter ${counter}`,
          offset: 0x40000 + bank * 0x1000 + counter * 0x100 + offset,
          layout: of,
        });
  return out;
}
