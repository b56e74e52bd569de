/** Tables of two levels, and the units that sweep them. */
import { amdUnit } from '../../../core/amdvi/unit.ts';
import type { FactOptions } from './tables.ts';
import { dte, dteAddress, facts, host, ID, PageMemory } from './tables.ts';

export const TOP = 0x10000;
export const LOW = 0x11000;
export const RO = 0x2000_0000_0000_0000n;

/** Two levels: the first 2 MiB go through LOW. */
const MODE_2 = { Mode: 2, HostPageTableRoot: TOP >> 12 };

export function unitOf(memory: PageMemory, values = {}, options: FactOptions = {}) {
  memory.put(dteAddress(ID), ...dte({ ...MODE_2, ...values }));
  return amdUnit(facts(options), memory);
}

export const twoLevels = (): PageMemory => new PageMemory().put(TOP, host(LOW, 1));
export const ids = (result: { findings: readonly { id: string }[] }): string[] =>
  result.findings.map((each) => each.id);
