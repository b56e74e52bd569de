/** A device's I/O virtual addresses as an address space: each page as the unit translates it. */
import { FRAMES_OF_64_BITS, type AddressSpace, type Stretch } from '../memory/address-space.ts';
import { addressOfPfn, pfnOf } from '../memory/physical.ts';
import type { Device, Unit, WalkResult } from './unit.ts';

export interface Requester {
  /** Requester ID. */
  readonly id: number;
  readonly pasid: number | undefined;
}

/**
 * The addresses that a device's requests bear; a page counts when it may be read or written.
 * @param device its row, by whose leaves the ends of gaps are found quickly
 */
export function deviceSpace(
  unit: Unit,
  requester: Requester,
  device: Device | undefined,
): AddressSpace {
  const walk = (frame: number): Walked => {
    const ask = (access: 'read' | 'write'): WalkResult =>
      unit.walk({ ...requester, address: addressOfPfn(frame), access });
    const read = ask('read');
    if (read.result !== 'fault') return { frame, walks: [read] };
    const write = ask('write');
    if (write.result === 'unknown') return { frame, walks: [write] };
    // Untranslated writes beside refused reads are interrupt requests, and no memory.
    const usable = write.result === 'translated' && !write.untranslated;
    return { frame, walks: usable ? [write] : [read, write] };
  };
  return {
    end: FRAMES_OF_64_BITS,
    at(frame) {
      const walked = walk(frame);
      const entry = Math.min(...walked.walks.map((each) => framesOf(each) ?? Infinity));
      if (Number.isFinite(entry)) {
        const to = endOf(frame, entry);
        const next = walked.walks.length === 2 && device && firstLeaf(unit, device, frame);
        return stretchOf(walked, next && next > to ? next : to);
      }
      // No entry of a page table decided: what is true of both ends is true between them.
      const to = nextEdge(frame);
      const last = walk(to - 1);
      const same = last.walks.every((each) => framesOf(each) === undefined) && alike(walked, last);
      return stretchOf(walked, same ? to : frame + 1);
    },
  };
}

/** What the unit does with a page: one walk, or both when both are refused. */
interface Walked {
  readonly frame: number;
  readonly walks: readonly WalkResult[];
}

function alike(a: Walked, b: Walked): boolean {
  return a.walks[0].result === b.walks[0].result && a.walks.length === b.walks.length;
}

function stretchOf({ walks: [walk] }: Walked, to: number): Stretch {
  if (walk.result === 'translated') return { kind: 'mapped', pfn: pfnOf(walk.pa), to };
  if (walk.result === 'fault') return { kind: 'unmapped', to };
  const why = walk.why === 'no root table' ? 'absent' : walk.why;
  return { kind: 'unknown', table: walk.address, why, to };
}

/**
 * How many page frames a walk's last entry speaks for: its page, or all below it. Undefined where
 * no entry of a page table decided.
 */
function framesOf(walk: WalkResult): number | undefined {
  const levels = walk.steps.flatMap(({ what }) => {
    const level = /\bL(\d) entry$/.exec(what)?.[1];
    return level === undefined ? [] : [Number(level)];
  });
  if (walk.result === 'translated') return walk.untranslated ? undefined : Number(walk.size >> 12n);
  const last = levels.at(-1);
  if (last === undefined) return undefined;
  // Of a nested walk the last entry may be one that another table's own address is translated by.
  const single = levels.every((each, index) => index === 0 || each < levels[index - 1]);
  return single ? 512 ** (last - 1) : 1;
}

/** The end of the naturally aligned block of so many frames that a frame stands in. */
function endOf(frame: number, frames: number): number {
  return Math.min(FRAMES_OF_64_BITS, (Math.floor(frame / frames) + 1) * frames);
}

/**
 * Page frames at which ranges begin or end that no table translates: interrupt requests
 * (0xfee00000–0xfeefffff), the last 12 GiB of 1 TiB (AMD-Vi §2.1.5), and the upper halves of 57-bit
 * and of 48-bit canonical addresses.
 */
const EDGES = [
  0xfee00,
  0xfef00,
  0xfd00000,
  0x10000000,
  2 ** 52 - 2 ** 44,
  2 ** 52 - 2 ** 35,
  FRAMES_OF_64_BITS,
] as const;

/** How far something can be the same that no page table decides. */
function nextEdge(frame: number): number {
  return EDGES.find((edge) => edge > frame) ?? FRAMES_OF_64_BITS;
}

/** Table pages that are read to find where a gap ends. */
const GAP_PAGES = 512;

/** The first page behind a gap, when all tables on the way to it are known. */
function firstLeaf(unit: Unit, device: Device, frame: number): number | undefined {
  let first: number | undefined;
  const { incomplete } = unit.sweep(
    device,
    (batch) => {
      for (let at = 0; at < batch.count && first === undefined; at++)
        if (batch.iova[at] + batch.pages[at] > frame) first = batch.iova[at];
      return first === undefined;
    },
    { tablePages: GAP_PAGES, from: frame },
  );
  return incomplete.length === 0 ? first : undefined;
}
