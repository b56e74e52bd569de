import type { Layout, Words } from '../bits/layout.ts';
import type { UnknownPage } from '../memory/physical.ts';
import type { UnitFacts } from './facts.ts';
import type { Finding, Incomplete } from './finding.ts';
import type { LeafSink, Rights } from './leaves.ts';

/** An entry in memory: every one knows its own address, raw words and layout. */
export interface Entry {
  /** See path.ts. */
  readonly path: string;
  /** Physical address of the first byte. */
  readonly address: bigint;
  readonly words: Words;
  readonly layout: Layout;
}

/** Bounds that every sweep over untrusted tables obeys. */
export interface Budget {
  /** Table pages that may be read; a sweep that reaches it stops and says so in `incomplete`. */
  readonly tablePages: number;
  readonly signal?: AbortSignal;
  /** Sweep only leaves that end above this page frame of the input address (to go on after a stop). */
  readonly from?: number;
  /** Called now and then with table pages read so far. */
  readonly progress?: (tablePages: number) => void;
}

/** Enough for 64 TiB of 4 KiB leaves with every table its own. */
export const DEFAULT_BUDGET: Budget = { tablePages: 1 << 25 };

export type Translation =
  // VT-d
  | 'second-stage'
  | 'second-stage+device-tlb'
  | 'first-stage'
  | 'nested'
  | 'pass-through'
  | 'reserved'
  // AMD-Vi (with pass-through and nested)
  | 'blocked'
  | 'v1'
  | 'v2';

/** One row of the device list: a requester (and PASID) and what the unit does with its requests. */
export interface Device {
  /** Requester ID, 16 bits. */
  readonly id: number;
  readonly bdf: string;
  readonly pasid: number | undefined;
  readonly entry: Entry;
  readonly translation: Translation;
  readonly domain: number | undefined;
  readonly levels: number | undefined;
  /** Physical address of the top page table. */
  readonly pageTable: bigint | undefined;
  /** AMD-Vi's part of the row. */
  readonly amd: AmdDevice | undefined;
  readonly findings: readonly Finding[];
}

export interface AmdDevice {
  readonly valid: boolean;
  readonly translationValid: boolean;
  readonly mode: number;
  readonly rights: Rights;
  readonly interruptMapValid: boolean;
  readonly interruptTable: bigint | undefined;
  readonly interruptCapacity: number | undefined;
}

export interface DeviceList {
  readonly devices: readonly Device[];
  /** AMD-Vi: other non-zero entries, grouped by raw value. */
  readonly same: readonly {
    readonly words: Words;
    readonly bdfs: readonly string[];
    readonly count: number;
  }[];
  readonly findings: readonly Finding[];
  readonly incomplete: readonly Incomplete[];
}

export interface SweepResult {
  readonly leaves: number;
  /** Bytes mapped; exact to 2^53. */
  readonly mappedBytes: number;
  /** Count by page size in bytes. */
  readonly leafSizes: ReadonlyMap<number, number>;
  /** Distinct table pages read, the top one included. */
  readonly tablePages: number;
  readonly findings: readonly Finding[];
  readonly incomplete: readonly Incomplete[];
}

export interface WalkRequest {
  /** Requester ID. */
  readonly id: number;
  readonly pasid: number | undefined;
  readonly address: bigint;
  readonly access: 'read' | 'write';
}

/** One step of a walk: the entry that was read and what it decides. */
export interface WalkStep {
  /** `root entry`, `context entry`, `L3 entry`, `device table entry`. */
  readonly what: string;
  /** Index within its table. */
  readonly index: number;
  /** Physical address of the table that holds the entry. */
  readonly table: bigint;
  /** Absent when the entry's page is not known: then `missing` says why. */
  readonly entry: Entry | undefined;
  readonly missing: UnknownPage | undefined;
  /** What it decides, in one sentence. */
  readonly text: string;
  /** Rights granted by the walk up to and including this step; undefined where it grants none yet. */
  readonly rights: Rights | undefined;
  /** `stop`: this entry decides the fault. */
  readonly outcome: 'next' | 'leaf' | 'stop' | 'unknown';
}

export type WalkResult =
  | {
      readonly result: 'translated';
      /** Output address of the very address asked. */
      readonly pa: bigint;
      /** Page size in bytes. */
      readonly size: bigint;
      readonly rights: Rights;
      /** True when no table was consulted (pass-through). */
      readonly untranslated: boolean;
      readonly steps: readonly WalkStep[];
    }
  | {
      readonly result: 'fault';
      /** VT-d: the fault reason. AMD-Vi: the event code. */
      readonly reason: number;
      readonly name: string;
      /** AMD-Vi: flags of the IO_PAGE_FAULT. */
      readonly flags?: number;
      /** The unit refuses the request but records nothing (VT-d: FPD; AMD-Vi: SA). */
      readonly silent?: boolean;
      readonly steps: readonly WalkStep[];
    }
  /** A page that the walk needs is not known: nothing is guessed. */
  | {
      readonly result: 'unknown';
      readonly why: UnknownPage | 'no root table';
      readonly address: bigint | undefined;
      readonly steps: readonly WalkStep[];
    };

export interface InterruptEntry {
  readonly index: number;
  readonly entry: Entry;
  readonly present: boolean;
  readonly vector: number | undefined;
  readonly destination: number | undefined;
  /** BDF text of the allowed source; undefined when the entry does not check one. */
  readonly source: string | undefined;
  readonly posted: boolean;
}

export interface InterruptTable {
  /** Physical address. */
  readonly table: bigint;
  readonly capacity: number;
  /** AMD-Vi: the devices whose entries point here. */
  readonly devices: readonly string[];
  /** Entries that are present, or all when asked for. */
  readonly entries: readonly InterruptEntry[];
  readonly present: number;
  readonly incomplete: readonly Incomplete[];
}

/** One row of the live tree. Children are made when asked for and never held by the node. */
export interface TreeNode {
  readonly path: string;
  /** `Root table`, `bus 0x02`, `02:00.0`, `L4[0]`, `L1[484–510]`. */
  readonly label: string;
  /** What the row is, for its glyph and its role. */
  readonly kind: 'unit' | 'table' | 'entry' | 'run' | 'leaf' | 'queue' | 'missing';
  readonly entry: Entry | undefined;
  /** Physical address that the entry points to. */
  readonly pointsTo: bigint | undefined;
  /** Decoded meaning, short: `DID 10 · 4-level`. */
  readonly decoded: string;
  readonly rights: Rights | undefined;
  readonly present: boolean;
  readonly findings: readonly Finding[];
  /** Whether it can be expanded; counts are known without making the children. */
  readonly childCount: number;
  /** Children in order; `all` also gives entries that are not present. */
  children(all: boolean): readonly TreeNode[];
  /** The child of a path, present or not; of a long run it is made without the others. */
  child(path: string): TreeNode | undefined;
}

/** The vendor-neutral view of a unit that both vendors' decoders fill. */
export interface Unit {
  readonly facts: UnitFacts;
  devices(): DeviceList;
  walk(request: WalkRequest): WalkResult;
  /** Hands every leaf of a device's translation to `sink` in order of IOVA. */
  sweep(device: Device, sink: LeafSink, budget: Budget): SweepResult;
  /** All interrupt remapping tables; entries that are not present only when `all`. */
  interrupts(all: boolean): readonly InterruptTable[];
  /** The unit's row in the tree. */
  tree(): TreeNode;
  /** The entry that a path of this unit names; undefined when it names none. */
  entry(path: string): Entry | undefined;
}
