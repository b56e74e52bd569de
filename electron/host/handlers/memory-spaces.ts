import { walkOfFault } from '../../../core/explain/fault-walk.ts';
import { parseBdf } from '../../../core/format/bdf.ts';
import { hex } from '../../../core/format/hex.ts';
import { deviceSpace } from '../../../core/iommu/device-space.ts';
import type { Kernel } from '../../../core/linux/kernel.ts';
import {
  FRAMES_OF_64_BITS,
  type AddressSpace,
  type Stretch,
} from '../../../core/memory/address-space.ts';
import { Failure } from '../../../core/memory/failure.ts';
import { addressOfPfn, isKnown, PAGE_SIZE, pfnOf } from '../../../core/memory/physical.ts';
import type { Space } from '../../../core/protocol/contract-memory.ts';
import type { CallOutput } from '../../../core/protocol/server.ts';
import type { Workbench } from '../workbench.ts';
import type { ChangeableMemory, World } from '../worlds.ts';
import { gapFrom } from './memory-gaps.ts';

/** Addresses that tables translate, and the memory that they lead to. */
export interface ShownSpace {
  readonly space: AddressSpace;
  readonly memory: ChangeableMemory;
  readonly world: World;
}

type Page = CallOutput<'memory.read'>['pages'][number];

const PAGE = BigInt(PAGE_SIZE);
/** Gaps of one answer. */
const MAX_GAPS = 256;
/** How long the ends of gaps are looked for in one answer, ms. */
const SEARCH = 60;

/** @throws Failure when no kernel was found */
export function kernelOf(bench: Workbench): Kernel {
  const kernel = bench.investigation?.kernel();
  if (kernel) return kernel;
  throw new Failure(
    'unreadable',
    'No kernel was found in what is open.',
    'Virtual addresses and symbols belong to a kernel.',
    'Give a physical address.',
  );
}

/** @throws Failure when there is no kernel, or no unit that serves the device */
export function spaceOf(bench: Workbench, wanted: Space, unitName: string | undefined): ShownSpace {
  if (wanted.kind === 'virtual') {
    const kernel = kernelOf(bench);
    const world = bench.worlds.all().find(({ machine }) => machine === undefined)!;
    const space = {
      end: FRAMES_OF_64_BITS,
      at: (frame: number) => kernel.memory.stretch(addressOfPfn(frame)),
    };
    return { space, memory: world.memory, world };
  }
  const { bdf, pasid } = wanted;
  const id = parseBdf(bdf)?.id;
  const unit =
    unitName === undefined ? bench.worlds.serving(bdf) : bench.worlds.unit(unitName).unit;
  if (!unit || id === undefined)
    throw new Failure(
      'unreadable',
      `No unit serves ${bdf}.`,
      'Its addresses can not be translated.',
      'Choose a device of the session.',
    );
  const { world } = bench.worlds.unit(unit.facts.name);
  const device = bench.worlds.device(unit, id, pasid);
  // The PASID of a row may be the one that stands for requests without.
  const { request } = walkOfFault(unit, { id, pasid, address: 0n, access: 'read' }, undefined);
  const requester = { id, pasid: request.pasid };
  return { space: deviceSpace(unit, requester, device), memory: world.memory, world };
}

/** What a world's memory was read from, and the level of the filter that left pages out. */
export function originOf(
  bench: Workbench,
  world: World,
): { readonly source: string; readonly level: number | undefined } {
  const captured = world.machine ? undefined : bench.states.captured();
  return {
    source: captured ? `${captured.name}, ${captured.detail}` : `memory of ${world.name}`,
    level: captured?.investigation?.dump?.facts.dumpLevel,
  };
}

/** The bytes of an address space, page by page, each as its own tables translate it. */
export function readSpace(
  bench: Workbench,
  { space, memory, world }: ShownSpace,
  address: bigint,
  length: number,
): CallOutput<'memory.read'> {
  const { source, level } = originOf(bench, world);
  const until = performance.now() + SEARCH;
  const pages: Page[] = [];
  let left = length;
  let gaps = 0;
  let at = address;
  while (left > 0 && gaps < MAX_GAPS && pfnOf(at) < space.end) {
    const frame = pfnOf(at);
    const stretch = space.at(frame);
    if (stretch.kind !== 'mapped') {
      const gap = gapOf(space, stretch, until);
      const end = addressOfPfn(gap.to);
      const unknown = stretch.kind === 'unknown' ? stretch : undefined;
      pages.push({
        address: hex(at),
        provenance: unknown?.why ?? 'unmapped',
        note: '',
        table: unknown?.table === undefined ? undefined : hex(unknown.table),
        length: hex(end - at),
        atLeast: gap.atLeast || undefined,
        level: unknown?.why === 'excluded' ? level : undefined,
      });
      gaps++;
      at = end;
      // What comes behind a gap whose end is not known belongs to the next answer.
      if (gap.atLeast) break;
      continue;
    }
    while (pfnOf(at) < stretch.to && left > 0 && gaps < MAX_GAPS) {
      const pfn = stretch.pfn + (pfnOf(at) - frame);
      const offset = at % PAGE;
      const page = memory.page(pfn);
      const shared = {
        address: hex(at),
        note: memory.describe(pfn),
        physical: hex(addressOfPfn(pfn) + offset),
      };
      if (isKnown(page)) {
        const bytes = page.subarray(Number(offset)).subarray(0, left);
        pages.push({
          ...shared,
          provenance: memory.provenance(pfn),
          bytes: Buffer.from(bytes).toString('base64'),
        });
        left -= bytes.length;
        at += BigInt(bytes.length);
        continue;
      }
      const frames = Math.max(1, gapFrom(memory, pfn, page, until).end - pfn);
      const end = addressOfPfn(Math.min(stretch.to, pfnOf(at) + frames));
      pages.push({
        ...shared,
        provenance: page,
        length: hex(end - at),
        level: page === 'excluded' ? level : undefined,
      });
      gaps++;
      at = end;
    }
  }
  return { pages, next: pfnOf(at) < space.end ? hex(at) : undefined, source };
}

/** Where a stretch ends of which the same is said, as far as there is time to look. */
function gapOf(
  space: AddressSpace,
  first: Stretch,
  until: number,
): { readonly to: number; readonly atLeast: boolean } {
  let { to } = first;
  while (to < space.end) {
    if (performance.now() > until) return { to, atLeast: true };
    const next = space.at(to);
    if (!alike(first, next)) break;
    ({ to } = next);
  }
  return { to, atLeast: false };
}

function alike(a: Stretch, b: Stretch): boolean {
  if (a.kind !== 'unknown' || b.kind !== 'unknown') return a.kind === b.kind;
  return a.table === b.table && a.why === b.why;
}
