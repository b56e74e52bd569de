/**
 * The machine of the hpsa story: a two-socket server's address map, cut down to what the story
 * touches, behind one VT-d unit.
 */
import { SERVER_CAP, SERVER_ECAP } from '../../machine/capability.ts';
import { Machine } from '../../machine/machine.ts';
import type { MemoryRange } from '../../machine/memory.ts';
import type { ReservedRegion } from '../hpsa-driver.ts';

/** The unit's name in kernel messages. */
export const UNIT = 'dmar0';
const REGISTERS = 0xfbff_e000n;
export const HOST_ADDRESS_WIDTH = 46;

/** The reserved regions of the thread's machine, as its log prints them. */
export const RESERVED: readonly ReservedRegion[] = [
  { from: 0xe8000n, last: 0xe8fffn },
  { from: 0xf4000n, last: 0xf4fffn },
  { from: 0xbdf6_e000n, last: 0xbdf6_efffn },
  { from: 0xbdf6_f000n, last: 0xbdf7_efffn },
  { from: 0xbdf7_f000n, last: 0xbdf8_2fffn },
  { from: 0xbdf8_3000n, last: 0xbdf8_4fffn },
];

export const OLD_MEMORY: MemoryRange = {
  from: 0x1_0000_0000n,
  to: 0x2_4000_0000n,
  kind: 'ram',
  owner: 'old kernel',
};
export const CRASH_MEMORY: MemoryRange = {
  from: 0x2b00_0000n,
  to: 0x3500_0000n,
  kind: 'ram',
  owner: 'crash kernel',
};

const MEMORY: readonly MemoryRange[] = [
  { from: 0n, to: 0xa_0000n, kind: 'ram', owner: 'old kernel' },
  { from: 0xe_8000n, to: 0xe_9000n, kind: 'ram', owner: 'firmware' },
  { from: 0xf_4000n, to: 0xf_5000n, kind: 'ram', owner: 'firmware' },
  { from: 0x10_0000n, to: CRASH_MEMORY.from, kind: 'ram', owner: 'old kernel' },
  CRASH_MEMORY,
  { from: CRASH_MEMORY.to, to: 0xbdf6_e000n, kind: 'ram', owner: 'old kernel' },
  { from: 0xbdf6_e000n, to: 0xbdf8_5000n, kind: 'ram', owner: 'firmware' },
  { from: REGISTERS, to: REGISTERS + 0x1000n, kind: 'mmio', owner: UNIT },
  OLD_MEMORY,
];

/** A fresh machine, translation off. */
export function hpsaMachine(): Machine {
  return new Machine({
    memory: MEMORY,
    unit: {
      name: UNIT,
      base: REGISTERS,
      cap: SERVER_CAP,
      ecap: SERVER_ECAP,
      hostAddressWidth: HOST_ADDRESS_WIDTH,
    },
  });
}
