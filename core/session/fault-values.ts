import { hex } from '../format/hex.ts';
import type { FaultRecord } from '../iommu/fault.ts';
import type { FilterValueField } from '../protocol/contract-faults.ts';
import type { FilterWorld } from './fault-filter.ts';
import type { SessionFault } from './view-fault.ts';
import { hexByte } from '../format/hex.ts';

/** Values of one answer. */
const MOST_VALUES = 100;

const KINDS = { dma: 'dma', interrupt: 'intr', event: 'event' } as const;
const ACCESSES = { read: 'r', write: 'w', interrupt: 'i' } as const;

/** The values of a field as the filter language writes them, with how many faults have each. */
export function fieldValues(
  faults: readonly SessionFault[],
  field: FilterValueField,
  world: FilterWorld,
): { readonly values: { text: string; count: number }[]; readonly left: number } {
  const counts = new Map<string, number>();
  const value = reader(field, world);
  for (const { record } of faults) {
    const text = value(record);
    if (text !== undefined) counts.set(text, (counts.get(text) ?? 0) + 1);
  }
  const values = [...counts]
    .map(([text, count]) => ({ text, count }))
    .sort((a, b) => b.count - a.count || (a.text < b.text ? -1 : 1));
  return { values: values.slice(0, MOST_VALUES), left: Math.max(0, values.length - MOST_VALUES) };
}

function reader(
  field: FilterValueField,
  world: FilterWorld,
): (record: FaultRecord) => string | undefined {
  switch (field) {
    case 'bdf':
      return ({ bdf }) => bdf;
    case 'bus':
      return ({ bdf }) => bdf?.slice(-7, -5);
    case 'unit':
      return ({ bdf }) => (bdf === undefined ? undefined : world.unit(bdf));
    case 'driver':
      return ({ bdf }) => (bdf === undefined ? undefined : world.driver(bdf));
    case 'kind':
      return ({ type }) => KINDS[type];
    case 'access':
      return ({ type, access }) =>
        type === 'interrupt' ? ACCESSES.interrupt : access && ACCESSES[access];
    case 'reason':
      return ({ reason }) => (reason === undefined ? undefined : hexByte(reason));
    case 'event':
      return ({ event }) => event;
    case 'did':
      return ({ domain }) => domain?.toString();
    case 'pasid':
      return ({ pasid }) => pasid?.toString();
    case 'addr':
      return ({ address }) => (address === undefined ? undefined : hex(address));
    case 'phase':
      return (record) =>
        world
          .phase(record)
          ?.replace(/[^a-z0-9]/gi, '')
          .toLowerCase();
    case 'verdict':
      return (record) => world.verdict(record)?.id;
  }
}
