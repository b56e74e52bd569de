/** A VT-d unit over a memory: the vendor-neutral view of core/iommu/unit.ts. */
import type { IntelFacts } from '../iommu/facts.ts';
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
import { pfnOf } from '../memory/physical.ts';
import type { Capabilities } from './capabilities.ts';
import { capabilitiesOf } from './capabilities.ts';
import { listDevices, secondStageOf } from './devices.ts';
import { findEntry, stageOf } from './entries.ts';
import { listInterrupts } from './interrupts.ts';
import { sweepNested } from './nested.ts';
import { tablesPath } from './paths.ts';
import { sweepTable } from './sweep.ts';
import { unitNode } from './tree.ts';
import { walkTables } from './walk.ts';

/** The unit that these facts describe, its tables read from `memory` whenever they are asked for. */
export function intelUnit(facts: IntelFacts, memory: PhysicalMemory): Unit {
  return new IntelUnit(facts, memory);
}

const NOTHING: SweepResult = {
  leaves: 0,
  mappedBytes: 0,
  leafSizes: new Map(),
  tablePages: 0,
  findings: [],
  incomplete: [],
};

class IntelUnit implements Unit {
  readonly facts: IntelFacts;
  readonly #memory: PhysicalMemory;
  readonly #capabilities: Capabilities;

  constructor(facts: IntelFacts, memory: PhysicalMemory) {
    this.facts = facts;
    this.#memory = memory;
    this.#capabilities = capabilitiesOf(facts);
  }

  devices(): DeviceList {
    return listDevices(this.facts, this.#memory, this.#capabilities);
  }

  walk(request: WalkRequest): WalkResult {
    return walkTables(this.facts, this.#memory, this.#capabilities, request);
  }

  sweep(device: Device, sink: LeafSink, budget: Budget): SweepResult {
    if (device.pageTable === undefined || device.levels === undefined) return NOTHING;
    const target = {
      path: tablesPath(this.facts, device.id, device.pasid),
      stage: stageOf(device),
      levels: device.levels,
      top: pfnOf(device.pageTable),
    };
    if (device.translation !== 'nested')
      return sweepTable(this.#memory, this.#capabilities, target, sink, budget);
    const second = secondStageOf(device.entry.words, target.path);
    if (!this.#capabilities.levels(second.levels)) return NOTHING;
    return sweepNested(this.facts, this.#memory, this.#capabilities, target, second, sink, budget);
  }

  interrupts(all: boolean): readonly InterruptTable[] {
    return listInterrupts(this.facts, this.#memory, all);
  }

  tree(): TreeNode {
    return unitNode(this.#source());
  }

  entry(path: string): Entry | undefined {
    return findEntry(this.#source(), path);
  }

  #source(): { facts: IntelFacts; memory: PhysicalMemory; capabilities: Capabilities } {
    return { facts: this.facts, memory: this.#memory, capabilities: this.#capabilities };
  }
}
