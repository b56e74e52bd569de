import { ALL_FRAMES, MARK, type Strip } from '../../../core/explain/address-map.ts';
import type { Reach } from '../../../core/explain/reverse.ts';
import { formatBdf, parseBdf } from '../../../core/format/bdf.ts';
import { hex } from '../../../core/format/hex.ts';
import type { Incomplete } from '../../../core/iommu/finding.ts';
import { rightsText } from '../../../core/iommu/leaves.ts';
import type { Device, Unit } from '../../../core/iommu/unit.ts';
import { Failure } from '../../../core/memory/failure.ts';
import type { StripItem } from '../../../core/protocol/contract-map.ts';
import type { CallHandlers, CallOutput } from '../../../core/protocol/server.ts';
import {
  framesAround,
  reverseNotes,
  reverseRow,
  type AskedRange,
} from '../../../core/session/reverse-document.ts';
import { FaultPlaces } from '../fault-places.ts';
import type { WorldMap } from '../mapping-index.ts';
import type { Workbench } from '../workbench.ts';
import type { World } from '../worlds.ts';
import { edges, regionItem, targetsOf } from './map-items.ts';
import { physicalView } from './map-physical.ts';
import { besideOf } from './map-step.ts';

const PAGE = 4096n;
/** Rows that a reverse answer counts and lists. */
const MAX_REACHES = 20_000;
/** Rows, strips and gaps of one answer. */
const MAX_ROWS = 4096;
const MAX_TEXTS = 100;
/** Physical addresses have at most 52 bits. */
const PHYSICAL_END = 1n << 52n;

/** The reverse of a walk, and the address map. */
export function mapCalls(bench: Workbench): CallHandlers {
  const faults = new FaultPlaces(bench);
  const stripOf = async (
    request: { unit: string; bdf: string; pasid?: number },
    signal: AbortSignal,
  ): Promise<Strip | undefined> => {
    const { world } = bench.worlds.unit(request.unit);
    return findStrip(await bench.mappings.map(world, signal), request);
  };
  return {
    reverse: async ({ unit, address, length, from, to }, { signal }) => {
      const world = worldOf(bench, unit);
      const asked = askedRange(BigInt(address), length === undefined ? undefined : BigInt(length));
      const index = await bench.mappings.index(world, signal);
      const rows: CallOutput<'reverse'>['rows'] = [];
      let total = 0;
      let more = false;
      for (const reach of index.reaching(framesAround(asked))) {
        if (total === MAX_REACHES) {
          more = true;
          break;
        }
        if (total >= from && total < to && rows.length < MAX_ROWS)
          rows.push(reverseItem(bench, reach, asked));
        total++;
      }
      return {
        total,
        more,
        from,
        rows,
        notes: reverseNotes(bench.worlds.unitsOf(world)),
        incomplete: texts(index.incomplete),
      };
    },
    'map.strips': async ({ unit, from, to }, { signal }) => {
      const world = worldOf(bench, unit);
      const map = await bench.mappings.map(world, signal);
      const strips = listStrips(bench, world, map, faults);
      const ends = map.strips.map(({ summary }) => summary.span?.to ?? 0);
      const mapped = BigInt(ends.reduce((most, end) => Math.max(most, end), 1)) * PAGE;
      const { memoryEnd } = map.physical;
      const last = (mapped > memoryEnd ? mapped : memoryEnd) - 1n;
      return {
        total: strips.length,
        from,
        strips: strips.slice(from, Math.min(to, from + MAX_ROWS)),
        last: hex(last),
        incomplete: texts(map.index.incomplete),
      };
    },
    'map.regions': async (request, { signal }) => {
      const strip = await stripOf(request, signal);
      const { from, to } = frames(request);
      if (!strip) return { regions: [], unreadable: [], exact: true };
      const regions = strip.summary.regions(from, to, request.pixels);
      return {
        regions: regions.map(regionItem),
        unreadable: strip.unreadable
          .filter((span) => span.from < to && span.to > from)
          .map((span) => ({ ...edges(span), why: span.why })),
        exact: regions.every(({ ranges }) => ranges === 1),
      };
    },
    'map.step': async (request, { signal }) => ({
      found: besideOf(await stripOf(request, signal), faults, request),
    }),
    'map.faults': (request) => ({
      pins: faults.pins(request, frames(request), request.pixels),
    }),
    'map.physical': ({ unit, from, to, pixels }) => {
      const world = worldOf(bench, unit);
      return physicalView(bench.mappings.physical(world), BigInt(from), BigInt(to), pixels);
    },
  };
}

/** The world of a unit; the first one without. @throws Failure when nothing is open */
export function worldOf(bench: Workbench, unit: string | undefined): World {
  const world = unit === undefined ? bench.worlds.all().at(0) : bench.worlds.unit(unit).world;
  if (world) return world;
  throw new Failure(
    'unreadable',
    'No memory is open.',
    'There are no tables that could map it.',
    'Open a dump.',
  );
}

/** @throws Failure when no physical address can be meant */
function askedRange(address: bigint, length: bigint | undefined): AskedRange {
  const start = length === undefined ? address & ~(PAGE - 1n) : address;
  const end = start + (length ?? PAGE) - 1n;
  if (end >= start && end < PHYSICAL_END) return { start, end };
  throw new Failure(
    'usage',
    `${hex(address)} with ${hex(length ?? PAGE)} bytes is no physical range.`,
    'Physical addresses have at most 52 bits, and a range at least one byte.',
    'Give an address below 0x10000000000000.',
  );
}

function texts(incomplete: readonly Incomplete[]): string[] {
  const all = incomplete.map(({ text }) => text);
  if (all.length <= MAX_TEXTS) return all;
  return [...all.slice(0, MAX_TEXTS), `${all.length - MAX_TEXTS} more are not listed`];
}

function reverseItem(
  bench: Workbench,
  reach: Reach,
  asked: AskedRange,
): CallOutput<'reverse'>['rows'][number] {
  const { unit, device } = reach;
  return {
    ...reverseRow(reach, asked),
    rights: rightsText(reach.rights),
    driver: bench.driver(device.bdf),
    domain: bench.worlds.device(unit, device.id, device.pasid)?.domain,
    untranslated: reach.untranslated,
  };
}

/** Frames of a view whose last address is included. */
function frames(view: { readonly from: string; readonly to: string }): {
  readonly from: number;
  readonly to: number;
} {
  const from = Math.min(Number(BigInt(view.from) / PAGE), ALL_FRAMES - 1);
  const to = Math.min(Number(BigInt(view.to) / PAGE) + 1, ALL_FRAMES);
  return { from, to: Math.max(to, from + 1) };
}

function findStrip(
  { strips }: WorldMap,
  { unit, bdf, pasid }: { unit: string; bdf: string; pasid?: number },
): Strip | undefined {
  const wanted = parseBdf(bdf);
  return strips.find(
    ({ table }) =>
      table.unit.facts.name === unit &&
      table.users.some((device) => device.id === wanted?.id && device.pasid === pasid),
  );
}

/** Every device's strip: those with faults first, then those with mappings. */
function listStrips(
  bench: Workbench,
  world: World,
  map: WorldMap,
  faults: FaultPlaces,
): StripItem[] {
  const byUser = new Map<string, Strip>();
  for (const strip of map.strips)
    for (const device of strip.table.users) byUser.set(userKey(strip.table.unit, device), strip);
  const items = bench.worlds.unitsOf(world).flatMap((unit) =>
    bench.worlds.devices(unit).devices.map((device): StripItem => {
      const strip = byUser.get(userKey(unit, device));
      const span = strip?.summary.span;
      const marks = strip?.summary.allMarks ?? 0;
      return {
        unit: unit.facts.name,
        bdf: device.bdf,
        pasid: device.pasid,
        driver: bench.driver(device.bdf),
        translation: device.translation,
        domain: device.domain,
        path: device.entry.path,
        mapped: hex(BigInt(strip?.summary.pages ?? 0) * PAGE),
        first: span && edges(span).from,
        last: span && edges(span).to,
        targets: targetsOf(marks),
        shared: (marks & MARK.shared) !== 0,
        unreadable: strip?.unreadable.length ?? 0,
        faults: faults.count(unit.facts.name, device.bdf, device.pasid),
      };
    }),
  );
  const rank = (item: StripItem): number =>
    item.faults > 0 ? 0 : item.first !== undefined || item.unreadable > 0 ? 1 : 2;
  return items
    .map((item, at) => ({ item, at }))
    .sort((a, b) => rank(a.item) - rank(b.item) || a.at - b.at)
    .map(({ item }) => item);
}

function userKey(unit: Unit, device: Device): string {
  return `${unit.facts.name} ${formatBdf(device.id, unit.facts.segment)} ${device.pasid ?? ''}`;
}
