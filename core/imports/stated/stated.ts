/** Units and memory from texts of Linux's debugfs, as sources like any other. */
import { amdUnit } from '../../amdvi/unit.ts';
import type { UnitFacts } from '../../iommu/facts.ts';
import type { Finding } from '../../iommu/finding.ts';
import type { Unit } from '../../iommu/unit.ts';
import type { PhysicalMemory } from '../../memory/physical.ts';
import { intelUnit } from '../../vtd/unit.ts';
import type { TextMemory } from '../text-memory.ts';
import { ImportFindings } from '../text-lines.ts';
import { statedAmd } from './amd.ts';
import { statedIntel, type GivenUnit } from './intel.ts';
import { PLACEHOLDER_BASE, TablePages } from './pages.ts';
import { StatedUnit, type Listing } from './unit.ts';

export interface Stated {
  readonly units: readonly { readonly facts: UnitFacts; readonly listing: Listing }[];
  readonly memory: TextMemory;
  readonly findings: readonly Finding[];
}

/** Registers that were given beside the texts: the units of one vendor. */
export interface GivenRegisters {
  readonly vendor: 'intel' | 'amd';
  readonly units: readonly GivenUnit[];
}

/**
 * Puts together the units that texts tell of; undefined when they tell of none. The kernel lists
 * entries that are present, so those it does not list of a table stand as not present.
 */
export function statedUnits(
  texts: readonly string[],
  registers: GivenRegisters | undefined,
): Stated | undefined {
  if (texts.length === 0) return undefined;
  const findings = new ImportFindings();
  const pages = new TablePages(findings);
  const given = (vendor: string): readonly GivenUnit[] =>
    registers?.vendor === vendor ? registers.units : [];
  const units = [
    ...statedIntel(texts, given('intel'), pages, findings),
    ...statedAmd(texts, given('amd'), pages),
  ];
  if (units.length === 0) return undefined;
  findings.add(
    'note',
    'tables-from-text',
    units[0].facts.name,
    `The tables are put together from what debugfs lists: entries that are present. What is not listed stands as not present, and addresses from 0x${PLACEHOLDER_BASE.toString(16)} on stand for tables whose place the text does not tell.`,
  );
  return { units, memory: pages.memory('the debugfs text'), findings: findings.list };
}

/** The unit of stated facts over a memory that holds what was stated. */
export function statedUnit(
  { facts, listing }: Stated['units'][number],
  memory: PhysicalMemory,
): Unit {
  return new StatedUnit(
    facts.vendor === 'intel' ? intelUnit(facts, memory) : amdUnit(facts, memory),
    listing,
  );
}
