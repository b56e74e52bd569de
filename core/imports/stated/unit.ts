/** A unit whose tables were put together from what a text lists. */
import type { AmdUnit } from '../../amdvi/unit.ts';
import type { LeafSink } from '../../iommu/leaves.ts';
import type { UnitFacts } from '../../iommu/facts.ts';
import type { Finding } from '../../iommu/finding.ts';
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
  WalkStep,
} from '../../iommu/unit.ts';
import { isPlaceholder } from './pages.ts';

/** What a text tells of a unit's requesters. */
export interface Listing {
  /** Requesters of which a root, context or device table entry is listed. */
  readonly entries: ReadonlySet<number>;
  /** Requesters of which only the page table or interrupt table is listed. */
  readonly tablesOnly: ReadonlySet<number>;
  /**
   * Requesters whose entry is known to be absent: the kernel would have listed a present one.
   * AMD's devtbl answers for one device at a time and says nothing of others.
   */
  absent(id: number): boolean;
  /** Whether the entry of a PASID is listed; undefined where no request has one. */
  readonly pasid?: (id: number, pasid: number) => boolean;
}

/**
 * The same unit, silent where the text is: a requester that the text does not speak of is not
 * known, and entries that only stand for untold ones have no words and are no step of a walk.
 */
export class StatedUnit implements Unit {
  readonly facts: UnitFacts;
  /** AMD-Vi: what becomes of one interrupt (see amdvi/unit.ts); only of devices that are told. */
  readonly interrupt: AmdUnit['interrupt'] | undefined;
  readonly #unit: Unit;
  readonly #listing: Listing;
  /** Rows with the entry that the decoder needs, by the row that was given out without it. */
  readonly #whole = new WeakMap<Device, Device>();

  constructor(unit: Unit, listing: Listing) {
    this.facts = unit.facts;
    this.#unit = unit;
    this.#listing = listing;
    const { interrupt } = unit as Partial<AmdUnit>;
    this.interrupt =
      interrupt &&
      ((id, data) =>
        listing.entries.has(id) || listing.tablesOnly.has(id)
          ? interrupt.call(unit as AmdUnit, id, data)
          : { result: 'unknown', why: 'absent' });
  }

  devices(): DeviceList {
    const list = this.#unit.devices();
    const { tablesOnly } = this.#listing;
    const { vendor } = this.facts;
    return {
      ...list,
      devices: list.devices
        // AMD: an interrupt table alone tells nothing of the device's memory requests.
        .filter(({ id }) => vendor === 'intel' || !tablesOnly.has(id))
        .map((device) => {
          if (!tablesOnly.has(device.id)) return device;
          const shown = withoutEntry(device);
          this.#whole.set(shown, device);
          return shown;
        }),
    };
  }

  walk(request: WalkRequest): WalkResult {
    const { entries, tablesOnly } = this.#listing;
    const { id, pasid } = request;
    const listed =
      (entries.has(id) && (pasid === undefined || this.#listing.pasid?.(id, pasid) !== false)) ||
      (tablesOnly.has(id) && this.facts.vendor === 'intel') ||
      this.#listing.absent(id);
    if (!listed) return { result: 'unknown', why: 'absent', address: undefined, steps: [] };
    const result = this.#unit.walk(request);
    return { ...result, steps: result.steps.filter((step) => told(step, tablesOnly.has(id))) };
  }

  sweep(device: Device, sink: LeafSink, budget: Budget): SweepResult {
    return this.#unit.sweep(this.#whole.get(device) ?? device, sink, budget);
  }

  interrupts(all: boolean): readonly InterruptTable[] {
    return this.#unit.interrupts(all);
  }

  tree(): TreeNode {
    return this.#unit.tree();
  }

  entry(path: string): Entry | undefined {
    return this.#unit.entry(path);
  }
}

/** A row of a requester whose page table alone is told: domain and raw words are not known. */
function withoutEntry(device: Device): Device {
  const finding: Finding = {
    severity: 'note',
    id: 'entry-not-told',
    at: device.entry.path,
    text: 'The text tells the page table of this device and not its context entry: domain and raw words are not known.',
    evidence: [],
  };
  return {
    ...device,
    entry: { ...device.entry, words: [] },
    domain: undefined,
    findings: [finding],
  };
}

/** A step is told when its entry is; entries that only lead to a made place are not. */
function told({ what, table, entry }: WalkStep, tablesOnly: boolean): boolean {
  if (isPlaceholder(table)) return !tablesOnly;
  return !(/directory/.test(what) && entry && isPlaceholder(entry.words[0] & ~0xfffn));
}
