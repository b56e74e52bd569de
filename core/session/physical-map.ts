import { PhysicalMap, type NamedRange } from '../explain/physical-map.ts';
import type { LogStory } from '../explain/story.ts';
import type { Resource } from '../linux/resources.ts';
import type { PhysicalMemory } from '../memory/physical.ts';
import { reservedRanges } from './explain-document.ts';
import { firmwareRegions } from './firmware-tables.ts';
import type { Investigation } from './investigation.ts';

/** The physical address space as all sources of a case tell it. */
export function physicalMapOf(investigation: Investigation, story?: LogStory): PhysicalMap {
  return new PhysicalMap({
    resources: toldRanges(investigation),
    crash: reservedRanges(investigation, story),
    firmware: firmwareRegions(investigation, story),
    held: investigation.memory?.ranges() ?? [],
  });
}

/** The ranges of /proc/iomem, as the dump's kernel or a paste tells them; empty when nobody does. */
export function toldRanges(investigation: Investigation): readonly NamedRange[] {
  const told = flat(investigation.kernel()?.resources() ?? [], 0);
  return told.length > 0 ? told : (investigation.iomem?.ranges ?? []);
}

/** `System RAM, Kernel code`: the ranges that meet an address range, the outermost first. */
export function placeText(
  ranges: readonly NamedRange[],
  asked: { readonly start: bigint; readonly end: bigint },
): string | undefined {
  const names = ranges
    .filter(({ start, end }) => start <= asked.end && end >= asked.start)
    .map(({ name }) => name);
  return names.length === 0 ? undefined : [...new Set(names)].slice(0, 8).join(', ');
}

/** The map of a memory of which nothing else is known. */
export function bareMap(memory: PhysicalMemory): PhysicalMap {
  return new PhysicalMap({ resources: [], crash: [], firmware: [], held: memory.ranges() });
}

function flat(resources: readonly Resource[], depth: number): NamedRange[] {
  return resources.flatMap(({ name, start, end, children }) => [
    { name, start, end, depth },
    ...flat(children, depth + 1),
  ]);
}
