/** An AMD-Vi unit as the vendor-neutral view has it. */
import type { AmdFacts } from '../iommu/facts.ts';
import type { LeafSink } from '../iommu/leaves.ts';
import type {
  Budget,
  Device,
  DeviceList,
  Entry,
  InterruptTable,
  SweepResult,
  TreeNode,
  Unit,
  WalkRequest,
  WalkResult,
} from '../iommu/unit.ts';
import type { PhysicalMemory } from '../memory/physical.ts';
import { AmdContext } from './context.ts';
import type { DeviceScan } from './devices.ts';
import { listDevices } from './devices.ts';
import { unitEntry } from './entry.ts';
import type { InterruptResult } from './interrupts.ts';
import { interruptTables, remapInterrupt } from './interrupts.ts';
import { sweepDevice } from './sweep.ts';
import { unitNode } from './tree.ts';
import { walkRequest } from './walk.ts';

/** The unit, with what only AMD-Vi can be asked. */
export interface AmdUnit extends Unit {
  readonly facts: AmdFacts;
  /**
   * What becomes of a fixed or arbitrated interrupt.
   * @param id requester ID; @param data the MSI data word
   */
  interrupt(id: number, data: number): InterruptResult;
}

/** The unit that has these facts, its tables read from `memory`. */
export function amdUnit(facts: AmdFacts, memory: PhysicalMemory): AmdUnit {
  return new DecodedUnit(new AmdContext(facts, memory));
}

class DecodedUnit implements AmdUnit {
  readonly facts: AmdFacts;
  readonly #context: AmdContext;
  /** The device list of the memory's state at `generation`. */
  #scan: { readonly generation: number; readonly list: DeviceScan } | undefined;

  constructor(context: AmdContext) {
    this.facts = context.facts;
    this.#context = context;
  }

  devices(): DeviceList {
    return this.#devices();
  }

  walk(request: WalkRequest): WalkResult {
    return walkRequest(this.#context, request);
  }

  sweep(device: Device, sink: LeafSink, budget: Budget): SweepResult {
    return sweepDevice(this.#context, device, sink, budget);
  }

  interrupts(all: boolean): readonly InterruptTable[] {
    return interruptTables(this.#context, this.#devices().devices, all);
  }

  interrupt(id: number, data: number): InterruptResult {
    return remapInterrupt(this.#context, id, data);
  }

  tree(): TreeNode {
    return unitNode({
      context: this.#context,
      devices: () => this.#devices(),
      interrupts: (all) => this.interrupts(all),
    });
  }

  entry(path: string): Entry | undefined {
    return unitEntry(this.#context, path);
  }

  /** A list with missing pages is not kept: a live source may have them by the next time. */
  #devices(): DeviceScan {
    const { generation } = this.#context;
    if (this.#scan?.generation === generation) return this.#scan.list;
    const list = listDevices(this.#context);
    this.#scan = list.incomplete.length > 0 ? undefined : { generation, list };
    return list;
  }
}
