import { formatCount, formatSize } from '../../../core/format/size.ts';
import { hex } from '../../../core/format/hex.ts';
import type { CallAnswer } from '../../../core/protocol/contract.ts';
import type {
  MapPin,
  MapRegion,
  MapTarget,
  PhysicalItem,
} from '../../../core/protocol/contract-map.ts';
import type { Sheet } from '../../ui/sheet.ts';
import type { Span } from './span.ts';
import { sizeOf, ticks, xOf } from './span.ts';

/** A place on a sheet. */
export interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** What a strip shows. */
export interface StripData {
  readonly regions: readonly MapRegion[];
  readonly unreadable: CallAnswer<'map.regions'>['unreadable'];
  readonly pins: readonly MapPin[];
}

/** How a region's target is marked below it; ordinary memory has no mark. */
export const TARGETS: Readonly<
  Record<
    MapTarget,
    { readonly name: string; readonly token?: string; readonly dash: readonly number[] }
  >
> = {
  'crash-kernel': { name: 'crash kernel', token: 'accent', dash: [] },
  'kernel-text': { name: 'kernel text', token: 'ex', dash: [6, 2] },
  mmio: { name: 'MMIO', token: 'ir', dash: [2, 2] },
  memory: { name: 'memory', dash: [] },
  unknown: { name: 'unknown target', token: 'unk', dash: [1, 3] },
};

const LEAST_WIDTH = 2;
const NARROW = 8;
/** Under the shape, for what it leads to. */
const TARGET_ROOM = 4;
/** Over the shape, for the bracket of pages that another domain maps too. */
const BRACKET_ROOM = 4;

/** Edges of a region on a strip, cut to it; at least two pixels wide. */
export function edgesOf(
  region: { readonly from: string; readonly to: string },
  span: Span,
  width: number,
): readonly [number, number] {
  const left = Math.max(0, xOf(BigInt(region.from), span, width));
  const right = Math.min(width, xOf(BigInt(region.to) + 1n, span, width));
  if (right - left >= LEAST_WIDTH) return [left, right];
  const start = Math.min(left, width - LEAST_WIDTH);
  return [start, start + LEAST_WIDTH];
}

/** A device's strip: unreadable spans, regions, and what each leads to. */
export function paintStrip(sheet: Sheet, box: Box, span: Span, data: StripData): void {
  const { x, y, width, height } = box;
  const middle = y + BRACKET_ROOM + (height - BRACKET_ROOM - TARGET_ROOM) / 2;
  sheet.line(
    [
      [x, middle],
      [x + width, middle],
    ],
    'line',
  );
  for (const gap of data.unreadable) {
    const [left, right] = edgesOf(gap, span, width);
    // Too narrow for a hatch to be one: an outline then.
    if (right - left < NARROW)
      sheet.rect(x + left, y + BRACKET_ROOM, right - left, height - BRACKET_ROOM - TARGET_ROOM, {
        stroke: 'unk',
        dash: [2, 2],
      });
    else sheet.hatch(x + left, y + BRACKET_ROOM, right - left, height - BRACKET_ROOM - TARGET_ROOM);
  }
  for (const region of data.regions) paintRegion(sheet, box, span, region);
}

function paintRegion(sheet: Sheet, box: Box, span: Span, region: MapRegion): void {
  const [left, right] = edgesOf(region, span, box.width);
  const x = box.x + left;
  const wide = right - left;
  const y = box.y + BRACKET_ROOM;
  const height = box.height - BRACKET_ROOM - TARGET_ROOM;
  const half = Math.round(height / 2);
  const reads = region.rights.includes('r');
  sheet.rect(x, y, wide, height, { fill: 'bg1', stroke: reads ? 'rd' : 'wr' });
  // Too narrow for an outline to be one: reading fills the upper half then.
  if (reads && wide < 4) sheet.rect(x, y, wide, height - half, { fill: 'rd' });
  if (region.rights.includes('w')) sheet.rect(x, y + height - half, wide, half, { fill: 'wr' });
  // The first is what matters most; the region's own words name them all.
  const told = region.targets.map((target) => TARGETS[target]).find(({ token }) => token);
  if (told?.token !== undefined)
    sheet.line(
      [
        [x, y + height + 2],
        [x + wide, y + height + 2],
      ],
      told.token,
      2,
      wide < 8 ? [] : told.dash,
    );
  if (region.shared)
    sheet.line(
      [
        [x + 0.5, y],
        [x + 0.5, y - 3],
        [x + wide - 0.5, y - 3],
        [x + wide - 0.5, y],
      ],
      'warn',
      1.5,
    );
}

/** Faults as lines through the strip. */
export function paintPins(sheet: Sheet, box: Box, span: Span, pins: readonly MapPin[]): void {
  for (const pin of pins) {
    const [left, right] = edgesOf(pageOf(pin), span, box.width);
    // Near enough for the page to be seen, it is framed.
    if (right - left >= NARROW)
      sheet.rect(box.x + left, box.y, right - left, box.height, { stroke: 'err', lineWidth: 2 });
    const x = box.x + Math.min(box.width - 1, Math.max(1, edgesOf(pin, span, box.width)[0]));
    sheet.line(
      [
        [x, box.y],
        [x, box.y + box.height],
      ],
      'err',
      1.5,
    );
    sheet.line(
      [
        [x - 3, box.y],
        [x + 3, box.y],
        [x, box.y + 4],
        [x - 3, box.y],
      ],
      'err',
      1.5,
    );
  }
}

const pageOf = ({ from, to }: MapPin): { from: string; to: string } => ({
  from: hex(BigInt(from) & ~0xfffn),
  to: hex(BigInt(to) | 0xfffn),
});

/** Width of a character of the small fonts, px: nothing measures text without a screen. */
const CHARACTER = 6;

/** What was refused, in words below a strip, as long as they do not meet. */
export function paintPinLabels(sheet: Sheet, box: Box, span: Span, pins: readonly MapPin[]): void {
  let past = 0;
  for (const pin of pins) {
    const text = pinText(pin);
    const room = text.length * CHARACTER;
    const [left] = edgesOf(pin, span, box.width);
    if (left <= 0 && BigInt(pin.to) < span.from) continue;
    const x = Math.max(0, Math.min(left - room / 2, box.width - room));
    if (x < past) continue;
    past = x + room + CHARACTER;
    sheet.text(box.x + x, box.y + 10, text, { fill: 'err', mono: true });
  }
}

/** `0xfffff000 · 1,284 faults`. */
export function pinText(pin: MapPin): string {
  const where = pin.from === pin.to ? pin.from : `${pin.from}–${pin.to}`;
  return `${where} · ${formatCount(pin.count)} ${pin.count === 1 ? 'fault' : 'faults'}`;
}

const PHYSICAL: Readonly<Record<PhysicalItem['kind'], string>> = {
  memory: 'bg3',
  reserved: 'ctl',
  firmware: 'warn',
  mmio: 'bg2',
  'crash-kernel': 'accent',
  'kernel-text': 'ex',
};

/** The physical strip: memory, reserved and MMIO as bars, what lies in them as outlines. */
export function paintPhysical(
  sheet: Sheet,
  box: Box,
  span: Span,
  regions: readonly PhysicalItem[],
): void {
  sheet.line(
    [
      [box.x, box.y + box.height / 2],
      [box.x + box.width, box.y + box.height / 2],
    ],
    'line',
  );
  const outlined = (kind: PhysicalItem['kind']): boolean =>
    kind === 'crash-kernel' || kind === 'kernel-text' || kind === 'firmware';
  for (const region of regions.filter(({ kind, depth }) => !outlined(kind) && depth === 0)) {
    const [left, right] = edgesOf(region, span, box.width);
    sheet.rect(box.x + left, box.y, right - left, box.height, {
      fill: PHYSICAL[region.kind],
      stroke: 'line',
    });
    if (region.kind !== 'memory' && region.kind !== 'mmio') continue;
    // What is outlined within it begins where its name has to end.
    const next = regions
      .filter(({ kind }) => outlined(kind))
      .map((each) => edgesOf(each, span, box.width)[0])
      .filter((each) => each > left && each < right);
    sheet.text(
      box.x + left + 6,
      box.y + box.height / 2 + 4,
      region.kind === 'mmio' ? 'MMIO' : region.name,
      { fill: 'fg1', most: Math.min(right, ...next) - left - 10 },
    );
  }
  for (const region of regions.filter(({ kind }) => outlined(kind))) {
    const [left, right] = edgesOf(region, span, box.width);
    sheet.rect(box.x + left, box.y, right - left, box.height, {
      stroke: PHYSICAL[region.kind],
      lineWidth: 2,
      dash: region.kind === 'kernel-text' ? TARGETS['kernel-text'].dash : [],
    });
  }
  labelAbove(sheet, box, span, regions);
}

/** Names of the outlined regions above the strip, as long as they do not meet. */
function labelAbove(sheet: Sheet, box: Box, span: Span, regions: readonly PhysicalItem[]): void {
  let past = -1;
  for (const region of regions) {
    if (region.kind !== 'crash-kernel' && region.kind !== 'firmware') continue;
    const size = BigInt(region.to) - BigInt(region.from) + 1n;
    const text = region.kind === 'crash-kernel' ? `crashkernel ${formatSize(size)}` : region.name;
    const [left] = edgesOf(region, span, box.width);
    const room = text.length * CHARACTER;
    const x = Math.min(left, box.width - room);
    if (x < past) continue;
    past = x + room + 8;
    sheet.text(box.x + x, box.y - 5, text, { fill: 'fg1' });
  }
}

/** Round addresses below a strip. */
export function paintTicks(sheet: Sheet, box: Box, span: Span): void {
  const most = Math.max(2, Math.floor(box.width / 110));
  for (const at of ticks(span, most)) {
    const x = xOf(at, span, box.width);
    sheet.line(
      [
        [box.x + x, box.y],
        [box.x + x, box.y + 3],
      ],
      'ctl',
    );
    const near = x < 30 ? 'left' : x > box.width - 40 ? 'right' : 'center';
    sheet.text(box.x + x, box.y + 13, tickText(at, span), {
      fill: 'fg2',
      mono: true,
      align: near,
    });
  }
}

/** `2 GiB` on wide spans, the address itself on narrow ones. */
function tickText(at: bigint, span: Span): string {
  const round = sizeOf(span) >= 1n << 30n && at % (1n << 20n) === 0n;
  return round ? formatSize(at).replace(/^0 B$/, '0') : hex(at);
}
