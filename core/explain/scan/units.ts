/** Which unit a found table serves: by the firmware's tables, or by what a log says of the units. */
import type { DmarTable } from '../../acpi/dmar.ts';
import { deviceRanges } from '../../acpi/ivhd-entries.ts';
import type { IvrsTable } from '../../acpi/ivrs.ts';
import { parseBdf } from '../../format/bdf.ts';
import { hex } from '../../format/hex.ts';
import { crashedKernel, type LogStory } from '../story.ts';
import type { Candidate } from './candidate.ts';

/** The firmware's tables, where memory or a file holds them. */
export interface FoundFirmware {
  readonly dmar?: DmarTable | undefined;
  readonly ivrs?: IvrsTable | undefined;
}

/** A unit that somebody names. */
export interface NamedUnit {
  readonly vendor: 'intel' | 'amd';
  readonly name: string;
  readonly base: bigint | undefined;
  /** Who names it: `DMAR`, `IVRS`, `the log`. */
  readonly from: string;
  /** Requesters named for it; undefined where nobody says which. */
  readonly scope: Scope | undefined;
}

interface Scope {
  readonly ranges: readonly { readonly first: number; readonly last: number }[];
  /** INCLUDE_PCI_ALL: every requester that no other unit names. */
  readonly rest: boolean;
  /** Bridges whose buses only the firmware knows: more requesters than are named. */
  readonly open: boolean;
}

/** Types of a DMAR device scope that name one requester; others stand for buses behind a bridge. */
const ENDPOINT = 1;
const SUB_HIERARCHY = 2;
/** A range this wide names nobody in particular. */
const WHOLE_SEGMENT = 0xfff0;
/** Belief that a table gains when its devices are those of a unit, and keeps when they are not. */
const GAIN = 0.7;
const DOUBT = 0.85;
/** Candidates worth naming a unit for. */
const LIKELY = 0.5;

/** The units that firmware tables or a log name, each once, in the order of the tables. */
export function namedUnits(firmware: FoundFirmware, story: LogStory | undefined): NamedUnit[] {
  const told = [...dmarUnits(firmware.dmar), ...ivrsUnits(firmware.ivrs)];
  const logged = story ? loggedUnits(story) : [];
  return [
    ...told,
    ...logged.filter(
      ({ vendor, name }) => !told.some((unit) => unit.vendor === vendor && unit.name === name),
    ),
  ];
}

function dmarUnits(dmar: DmarTable | undefined): NamedUnit[] {
  return (dmar?.structures ?? [])
    .filter(({ name }) => name === 'DRHD')
    .map(({ base, flag, scopes }, index) => ({
      vendor: 'intel' as const,
      name: `dmar${index}`,
      base,
      from: 'DMAR',
      scope: {
        ranges: scopes.flatMap(({ id }) => (id === undefined ? [] : [{ first: id, last: id }])),
        rest: flag === true,
        open: scopes.some(
          ({ type, id }) => type === SUB_HIERARCHY || (type === ENDPOINT && id === undefined),
        ),
      },
    }));
}

function ivrsUnits(ivrs: IvrsTable | undefined): NamedUnit[] {
  return (ivrs?.units ?? []).map(({ base, entries }, index) => ({
    vendor: 'amd' as const,
    name: `ivhd${index}`,
    base,
    from: 'IVRS',
    scope: {
      ranges: deviceRanges(entries).map(({ first, last }) => ({ first, last })),
      rest: false,
      open: false,
    },
  }));
}

/** Units of the crashed kernel's log; with amd_iommu_dump it prints the ranges of the IVRS too. */
function loggedUnits(story: LogStory): NamedUnit[] {
  const kernel = crashedKernel(story);
  const units: (NamedUnit & {
    base: bigint | undefined;
    ranges: { first: number; last: number }[];
  })[] = [];
  for (const phase of story.phases) {
    if (phase.kernel !== kernel) continue;
    const { event, details, unit } = phase;
    const base = typeof details['base'] === 'bigint' ? details['base'] : undefined;
    if (event === 'unit' && unit !== undefined)
      units.push({
        vendor: 'intel',
        name: unit,
        base,
        from: 'the log',
        scope: undefined,
        ranges: [],
      });
    else if (event === 'table-unit') {
      const count = units.filter(({ vendor }) => vendor === 'amd').length;
      const name = `ivhd${count}`;
      units.push({ vendor: 'amd', name, base, from: 'the log', scope: undefined, ranges: [] });
    } else {
      const last = units.at(-1);
      if (last?.vendor !== 'amd') continue;
      if (event === 'table-unit-base') last.base = base;
      const bdf = event === 'table-device' ? parseBdf(String(details['bdf'] ?? '')) : undefined;
      if (bdf) last.ranges.push({ first: bdf.id, last: bdf.id });
    }
  }
  const seen = new Set<string>();
  return units
    .filter(({ vendor, name }) => {
      const key = `${vendor} ${name}`;
      return !seen.has(key) && seen.add(key);
    })
    .map(({ ranges, ...unit }) => ({
      ...unit,
      // Ranges are printed by their ends, so that what lies between them is open.
      scope: ranges.length > 0 ? { ranges, rest: false, open: true } : undefined,
    }));
}

const names = (scope: Scope | undefined, id: number): boolean =>
  scope?.ranges.some(
    ({ first, last }) => id >= first && id <= last && last - first < WHOLE_SEGMENT,
  ) ?? false;

/** Says of each root and device table which unit it serves, where one can be told from the others. */
export function assignUnits(
  candidates: readonly Candidate[],
  units: readonly NamedUnit[],
): Candidate[] {
  const assigned = candidates.map((candidate) =>
    candidate.score >= LIKELY && /root-table$|^device-table$/.test(candidate.kind)
      ? assign(
          candidate,
          units.filter(({ vendor }) => vendor === candidate.vendor),
        )
      : candidate,
  );
  const roots = new Map(
    assigned.flatMap(({ address, units: of }) => (of ? [[address, of] as const] : [])),
  );
  return assigned.map((candidate) => {
    if (candidate.kind === 'interrupt-table') return withInterruptUnit(candidate, assigned, units);
    const parent = candidate.parent === undefined ? undefined : roots.get(candidate.parent);
    return parent ? { ...candidate, units: parent } : candidate;
  });
}

function assign(candidate: Candidate, units: readonly NamedUnit[]): Candidate {
  if (units.length === 0) return candidate;
  const ids = [...new Set(candidate.devices.map(({ bdf }) => parseBdf(bdf)!.id))];
  if (candidate.vendor === 'amd') return assignAmd(candidate, units, ids);
  const possible = units.filter((unit) => mayServe(unit, units, ids));
  if (possible.length !== 1) return undecided(candidate, units, possible);
  const [unit] = possible;
  const own = candidate.devices.filter(({ bdf }) => names(unit.scope, parseBdf(bdf)!.id));
  const which = `${unit.name}${unit.base === undefined ? '' : ` at ${hex(unit.base)}`}`;
  const why =
    own.length > 0
      ? `it serves ${which}: the ${unit.from} names ${listed(own)} for that unit`
      : units.length === 1
        ? `it serves ${which}: ${unit.from === 'the log' ? 'the log names' : `the ${unit.from} has`} no other unit`
        : `it serves ${which}: none of its devices is another unit's by the ${unit.from}`;
  return {
    ...candidate,
    units: possible.map(({ name, base }) => ({ name, base })),
    // Devices that the firmware names are evidence; that there is one unit is none.
    score: own.length > 0 ? rounded(1 - (1 - candidate.score) * GAIN) : candidate.score,
    why: [...candidate.why, why],
  };
}

/** A unit may have these requesters: none is another's, and all are its own where it has no others. */
function mayServe(unit: NamedUnit, units: readonly NamedUnit[], ids: readonly number[]): boolean {
  const others = units.filter((each) => each !== unit);
  return ids.every((id) => {
    if (names(unit.scope, id)) return true;
    if (others.some((each) => names(each.scope, id))) return false;
    return unit.scope === undefined || unit.scope.rest || unit.scope.open;
  });
}

function undecided(
  candidate: Candidate,
  units: readonly NamedUnit[],
  possible: readonly NamedUnit[],
): Candidate {
  if (possible.length > 0)
    return {
      ...candidate,
      why: [
        ...candidate.why,
        `it may serve ${possible.map(({ name }) => name).join(' or ')}: nothing tells which`,
      ],
    };
  return {
    ...candidate,
    score: rounded(candidate.score * DOUBT),
    why: [
      ...candidate.why,
      `no unit has all of its devices by the ${units[0].from}: it is of another machine, or no table in use`,
    ],
  };
}

/** AMD-Vi: the units of a segment share one device table. */
function assignAmd(
  candidate: Candidate,
  units: readonly NamedUnit[],
  ids: readonly number[],
): Candidate {
  const own = candidate.devices.filter(({ bdf }) =>
    units.some(({ scope }) => names(scope, parseBdf(bdf)!.id)),
  );
  const all = units
    .map(({ name, base }) => `${name}${base === undefined ? '' : ` at ${hex(base)}`}`)
    .join(', ');
  const [{ from }] = units;
  return {
    ...candidate,
    units: units.map(({ name, base }) => ({ name, base })),
    score: own.length > 0 ? rounded(1 - (1 - candidate.score) * GAIN) : candidate.score,
    why: [
      ...candidate.why,
      `it serves ${all}${units.length > 1 ? ', which share one device table' : ''}${own.length > 0 ? `: ${own.length} of its ${ids.length} devices are named by ${from === 'the log' ? from : `the ${from}`}` : ''}`,
    ],
  };
}

/** VT-d's interrupt tables belong to the unit whose devices their entries are for. */
function withInterruptUnit(
  candidate: Candidate,
  all: readonly Candidate[],
  units: readonly NamedUnit[],
): Candidate {
  if (candidate.vendor === 'amd') {
    const owner = all.find(({ address, units: of }) => of && address === candidate.parent);
    return owner ? { ...candidate, units: owner.units } : candidate;
  }
  const sources = candidate.sources ?? [];
  const intel = units.filter(({ vendor }) => vendor === 'intel');
  const shares = intel
    .map((unit) => {
      const root = all.find(
        ({ kind, units: of }) => kind.endsWith('root-table') && of?.[0].name === unit.name,
      );
      const ids = new Set(root?.devices.map(({ bdf }) => parseBdf(bdf)!.id));
      const hits = sources.filter((id) => ids.has(id) || names(unit.scope, id)).length;
      return { unit, hits };
    })
    .sort((a, b) => b.hits - a.hits);
  const [best, second] = shares;
  if (!best || best.hits === 0 || best.hits === second?.hits) return candidate;
  const { name, base } = best.unit;
  return {
    ...candidate,
    units: [{ name, base }],
    why: [
      ...candidate.why,
      `it serves ${name}: ${best.hits} of the ${sources.length} requesters that its entries check are that unit's`,
    ],
  };
}

function listed(devices: readonly { readonly bdf: string }[]): string {
  const bdfs = [...new Set(devices.map(({ bdf }) => bdf))];
  return `${bdfs.slice(0, 4).join(', ')}${bdfs.length > 4 ? ` and ${bdfs.length - 4} more` : ''}`;
}

const rounded = (score: number): number => Math.round(score * 1000) / 1000;
