import { crashMemory } from './crash-memory.ts';
import { deviceTablePlace } from './device-table-place.ts';
import { domainIds } from './domain-ids.ts';
import { fieldValues, reservedBits, tableLoop } from './entry-rules.ts';
import { firmwareRegions } from './firmware-regions.ts';
import { identityMap } from './identity-map.ts';
import { interruptLength } from './interrupt-length.ts';
import { kernelTables, kernelText } from './kernel-memory.ts';
import { noDriver } from './no-driver.ts';
import { noMemory } from './no-memory.ts';
import type { Outcome, Rule } from './rule.ts';
import { sharedTables } from './shared-tables.ts';
import type { AuditState } from './state.ts';
import { unitTables } from './unit-tables.ts';
import { upperHalfBus } from './upper-half-bus.ts';
import { x2apic } from './x2apic.ts';

/** Every rule: what mappings reach, how tables are built, what a hand-off needs. */
export const RULES: readonly Rule[] = [
  crashMemory,
  kernelText,
  kernelTables,
  unitTables,
  noMemory,
  identityMap,
  firmwareRegions,
  sharedTables,
  tableLoop,
  reservedBits,
  fieldValues,
  domainIds,
  deviceTablePlace,
  interruptLength,
  x2apic,
  upperHalfBus,
  noDriver,
];

/** Checks a state against the rules. */
export function audit(
  state: AuditState,
  rules: readonly Rule[] = RULES,
): { readonly rule: Rule; readonly outcome: Outcome }[] {
  return rules.map((rule) => ({ rule, outcome: rule.check(state) }));
}
