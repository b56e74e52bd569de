import { hex, parseHex } from '../format/hex.ts';
import { Intervals } from '../explain/mappings/intervals.ts';
import { ReverseIndex, type Reach } from '../explain/reverse.ts';
import type { Incomplete } from '../iommu/finding.ts';
import { rightsText } from '../iommu/leaves.ts';
import type { Budget, Unit } from '../iommu/unit.ts';
import type { NamedRange } from '../explain/physical-map.ts';
import { placeText } from './physical-map.ts';
import { addressOfPfn, type PfnRange } from '../memory/physical.ts';

/** A physical range as a command line writes it. */
export interface AskedRange {
  readonly start: bigint;
  /** Last address. */
  readonly end: bigint;
}

/** No physical address has more bits. */
const MAX_ADDRESS = (1n << 52n) - 1n;

/** Reads `PA`, `PA-PA` (last one included) or `PA+LENGTH`. @returns undefined otherwise. */
export function parseRange(text: string): AskedRange | undefined {
  const match = /^([^-+–]+)(?:([-–+])(.+))?$/.exec(text.trim());
  const start = parseHex(match?.[1] ?? '');
  const second = match?.[3] === undefined ? start : parseHex(match[3]);
  if (start === undefined || second === undefined) return undefined;
  const end = match?.[2] === '+' ? start + second - 1n : second;
  return end < start || end > MAX_ADDRESS ? undefined : { start, end };
}

export interface ReverseRow {
  readonly unit: string;
  readonly bdf: string;
  readonly pasid?: number;
  readonly iova: string;
  readonly pa: string;
  readonly size: string;
  readonly rights: string;
  /** The device is not translated at all. */
  readonly untranslated?: true;
}

export interface ReverseAnswer {
  readonly rows: Iterable<ReverseRow>;
  readonly incomplete: readonly Incomplete[];
  /** What stands in the ranges that were asked for, where the map of memory is known. */
  readonly places: readonly { readonly start: string; readonly end: string; readonly is: string }[];
  /** What a reader should know beside the rows. */
  readonly notes: readonly string[];
}

/** Page frames that an asked range touches. */
export const framesAround = ({ start, end }: AskedRange): PfnRange => ({
  from: Number(start >> 12n),
  to: Number(end >> 12n) + 1,
});

/** Who reaches the ranges; the rows are made as they are asked for. */
export function reverseAnswer(
  units: readonly Unit[],
  ranges: readonly AskedRange[],
  options: {
    readonly budget?: Budget;
    readonly step?: (done: number, all: number) => void;
    readonly map?: readonly NamedRange[];
  } = {},
): ReverseAnswer {
  const within = new Intervals(ranges.map(framesAround));
  const index = ReverseIndex.build(units, { ...options, within });
  return {
    rows: rowsOf(index, ranges),
    incomplete: index.incomplete,
    places: ranges.flatMap((range) => {
      const is = placeText(options.map ?? [], range);
      return is === undefined ? [] : [{ start: hex(range.start), end: hex(range.end), is }];
    }),
    notes: reverseNotes(units),
  };
}

function* rowsOf(index: ReverseIndex, ranges: readonly AskedRange[]): Generator<ReverseRow> {
  for (const range of ranges)
    for (const reach of index.reaching(framesAround(range))) yield reverseRow(reach, range);
}

/** A row, cut to the very addresses that were asked. */
export function reverseRow(reach: Reach, asked: AskedRange): ReverseRow {
  const { unit, device } = reach;
  const pa = addressOfPfn(reach.pa);
  const end = pa + (BigInt(reach.pages) << 12n) - 1n;
  const start = pa > asked.start ? pa : asked.start;
  const last = end < asked.end ? end : asked.end;
  return {
    unit: unit.facts.name,
    bdf: device.bdf,
    ...(device.pasid === undefined ? {} : { pasid: device.pasid }),
    iova: hex(addressOfPfn(reach.iova) + (start - pa)),
    pa: hex(start),
    size: hex(last - start + 1n),
    rights: rightsText(reach.rights),
    ...(reach.untranslated ? { untranslated: true } : {}),
  };
}

/** Requesters that reach memory without a row of their own, said of every unit. */
export function reverseNotes(units: readonly Unit[]): string[] {
  return units.flatMap(unitNotes);
}

function unitNotes(unit: Unit): string[] {
  const { facts } = unit;
  const notes: string[] = [];
  if (facts.translationEnabled === false)
    notes.push(
      `${facts.name} does not translate (it is turned off): every device reaches all memory.`,
    );
  if (facts.vendor !== 'amd' || facts.capacity === undefined) return notes;
  const { devices, same } = unit.devices();
  const listed = new Set(devices.map(({ id }) => id)).size;
  const grouped = same.reduce((sum, group) => sum + group.count, 0);
  const zero = facts.capacity - listed - grouped;
  const passing = same
    .filter(({ words }) => (words[0] & 1n) === 0n)
    .reduce((sum, group) => sum + group.count, 0);
  if (zero + passing > 0)
    notes.push(
      `${facts.name}: ${zero + passing} device table entries have V = 0: requests of such devices, if there are any, are not translated.`,
    );
  return notes;
}
