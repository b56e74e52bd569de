import { pairUnits } from '../../../core/explain/diff/pair.ts';
import type { PhysicalMap } from '../../../core/explain/physical-map.ts';
import { parseBdf } from '../../../core/format/bdf.ts';
import { hex } from '../../../core/format/hex.ts';
import { pfnOf } from '../../../core/memory/physical.ts';
import type { CallHandlers, CallInput, CallOutput } from '../../../core/protocol/server.ts';
import { walkAnswer } from '../../../core/session/view-walk.ts';
import type { Workbench } from '../workbench.ts';
import { worldOf } from './map.ts';

/** Names of regions that one answer joins. */
const MOST_NAMES = 4;

/** What stands beside a walk in Translate. */
export function translateCalls(bench: Workbench): CallHandlers {
  return {
    'translate.states': (request) => ({
      own: ownKernel(bench),
      states: elsewhere(bench, request),
    }),
    'page.about': ({ unit, address }) => {
      const world = worldOf(bench, unit);
      const pfn = pfnOf(BigInt(address));
      const kernel = world.machine ? undefined : bench.investigation?.kernel();
      const frame = kernel?.pageFrame(pfn);
      return {
        region: regionText(bench.mappings.physical(world), BigInt(address)),
        record: frame && { ...frame, address: hex(frame.address) },
        provenance: world.memory.provenance(pfn),
      };
    },
  };
}

/** Which kernel the capture is of: one that did not boot from a crash kernel's reservation crashed. */
function ownKernel(bench: Workbench): 'first' | 'second' | undefined {
  const crash = bench.investigation?.kernel()?.isCrashKernel();
  return crash === undefined ? undefined : crash ? 'second' : 'first';
}

/** The walk by the same hardware's unit in every state but the one that was asked. */
function elsewhere(
  bench: Workbench,
  { unit: name, bdf, pasid, address, access }: CallInput<'translate.states'>,
): CallOutput<'translate.states'>['states'] {
  const { unit, world } = bench.worlds.unit(name);
  const id = parseBdf(bdf)!.id;
  return bench.states
    .all()
    .filter((state) => state.id !== world.name && state.kind !== 'simulated')
    .map((state) => {
      const other = pairUnits([unit], state.units).pairs[0]?.b;
      if (!other) return { id: state.id, name: state.name };
      const request = { id, pasid, address: BigInt(address), access };
      const device = other
        .devices()
        .devices.find((each) => each.id === id && (pasid === undefined || each.pasid === pasid));
      const { outcome } = walkAnswer(other, request, other.walk(request), device);
      return { id: state.id, name: state.name, outcome, domain: device?.domain };
    });
}

/** `System RAM, Kernel code`: what stands at an address, the widest first. */
function regionText({ regions }: PhysicalMap, address: bigint): string | undefined {
  const names = regions
    .filter(({ start, end }) => start <= address && address <= end)
    .map(({ name }) => name);
  return names.length === 0 ? undefined : [...new Set(names)].slice(0, MOST_NAMES).join(', ');
}
