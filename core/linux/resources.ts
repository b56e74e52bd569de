import { variable64, type KernelContext } from './context.ts';

/** A range of /proc/iomem. */
export interface Resource {
  readonly name: string;
  readonly start: bigint;
  /** Last address of the range. */
  readonly end: bigint;
  readonly flags: bigint;
  readonly children: readonly Resource[];
}

/** Physical memory set aside for the crash kernel. */
export interface CrashReservation {
  readonly start: bigint;
  /** Last address. */
  readonly end: bigint;
  /** The part below 4 GiB, where crashkernel= asked for one. */
  readonly low: { readonly start: bigint; readonly end: bigint } | undefined;
  /** A crash kernel was loaded into it; undefined when that can't be told. */
  readonly loaded: boolean | undefined;
}

const MAX_RESOURCES = 20_000;
const MAX_DEPTH = 16;

/** The tree of physical address ranges, as /proc/iomem shows it. */
export function readResources(context: KernelContext): Resource[] {
  const { reader, symbols, notes } = context;
  const root = symbols.address('iomem_resource');
  if (root === undefined) return [];
  return notes.within('iomem_resource', () => {
    const seen = new Set<bigint>([root]);
    const first = reader.field('resource', root, 'child');
    return siblings(context, first, seen, 0);
  });
}

function siblings(
  context: KernelContext,
  first: bigint | undefined,
  seen: Set<bigint>,
  depth: number,
): Resource[] {
  const { reader, notes } = context;
  const found: Resource[] = [];
  let at = first;
  while (at !== undefined && at !== 0n) {
    if (seen.has(at) || seen.size > MAX_RESOURCES || depth > MAX_DEPTH) {
      notes.finding('warning', 'bad-list', "The kernel's resource tree leads back into itself.");
      break;
    }
    seen.add(at);
    const start = reader.field('resource', at, 'start');
    const end = reader.field('resource', at, 'end');
    const flags = reader.field('resource', at, 'flags');
    if (start === undefined || end === undefined || flags === undefined) break;
    found.push({
      name: reader.text('resource', at, 'name') ?? '',
      start,
      end,
      flags,
      children: siblings(context, reader.field('resource', at, 'child'), seen, depth + 1),
    });
    at = reader.field('resource', at, 'sibling');
  }
  return found;
}

/** The crashkernel= reservation; undefined when there is none. */
export function readCrashReservation(context: KernelContext): CrashReservation | undefined {
  return context.notes.within('crashk_res', () => {
    const main = range(context, 'crashk_res');
    if (!main) return undefined;
    const image = variable64(context, 'kexec_crash_image');
    return {
      ...main,
      low: range(context, 'crashk_low_res'),
      loaded: image === undefined ? undefined : image !== 0n,
    };
  });
}

function range(
  context: KernelContext,
  symbol: string,
): { readonly start: bigint; readonly end: bigint } | undefined {
  const address = context.symbols.address(symbol);
  if (address === undefined) return undefined;
  const start = context.reader.field('resource', address, 'start');
  const end = context.reader.field('resource', address, 'end');
  // Both are 0 when nothing is set aside.
  return start === undefined || end === undefined || end === 0n ? undefined : { start, end };
}
