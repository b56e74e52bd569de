/**
 * What a Faultline script can name. Addresses and raw values are `bigint` (`0x1f00000n`).
 * Scripts run in a sandbox: no network, no files, no Node, bounded time and memory.
 */

/** An address or raw value: a bigint, a whole number, or hexadecimal text. */
type Address = bigint | number | string;

type Rights = '' | 'r' | 'w' | 'rw';

interface Unit {
  /** `dmar0`, `ivhd0`, `sim0`: the first part of its entries' paths. */
  readonly name: string;
  readonly vendor: 'intel' | 'amd';
  readonly mode: string;
  readonly segment: number;
  /** Physical base of its register page; undefined when not known. */
  readonly base: bigint | undefined;
  /** Where its register values come from. */
  readonly from: 'kernel' | 'file' | 'target' | 'simulated' | 'none';
  devices(): Device[];
  registers(): Registers;
}

interface Device {
  readonly unit: string;
  readonly bdf: string;
  readonly pasid?: number;
  readonly driver?: string;
  /** `second-stage`, `first-stage`, `pass-through`, `v1`, … */
  readonly translation: string;
  readonly domain?: number;
  readonly levels?: number;
  readonly pageTable: bigint | undefined;
  /** Path of its context, PASID table or device table entry. */
  readonly path: string;
  /** That entry, read now. */
  entry(): Entry;
  walk(address: Address, options?: WalkOptions): Walk;
  /** Its leaves in order of IOVA; lazy, so that millions can be gone through. */
  mappings(options?: { from?: Address }): Iterable<Mapping>;
}

interface Entry {
  /** `dmar0/02:00.0/context` */
  readonly path: string;
  readonly title: string;
  /** The specification's name: `context entry`, `DTE`. */
  readonly layout: string;
  /** Physical address. */
  readonly address: bigint;
  /** Raw 64-bit words, the lowest first. */
  readonly words: readonly bigint[];
  /** Values by the specification's field names: `entry.fields.DID`. */
  readonly fields: Readonly<Record<string, bigint>>;
  /** Changes a field in the overlay (never in the file). */
  poke(field: string, value: Address | boolean): Change;
}

interface Change {
  /** What was changed, in field names. */
  readonly text: string;
  /** The entry after the change. */
  readonly entry: Entry;
}

interface WalkOptions {
  /** `read` by default. */
  access?: 'read' | 'write';
  pasid?: number;
  unit?: string;
}

interface WalkStep {
  readonly what: string;
  readonly index: number;
  readonly path: string | undefined;
  readonly address: bigint | undefined;
  readonly words: readonly bigint[];
  /** What the entry decides, in one sentence. */
  readonly text: string;
  readonly outcome: 'next' | 'leaf' | 'stop' | 'unknown';
}

interface Walk {
  readonly unit: string;
  readonly bdf: string;
  readonly address: bigint;
  readonly access: 'read' | 'write';
  readonly result: 'translated' | 'fault' | 'unknown';
  /** Output address, page size and rights of a translated request. */
  readonly pa: bigint | undefined;
  readonly size: bigint | undefined;
  readonly rights: Rights | undefined;
  /** Fault reason (VT-d) or event code (AMD-Vi), and its name. */
  readonly reason: number | undefined;
  readonly name: string | undefined;
  /** Why it can't be decided. */
  readonly why: string | undefined;
  readonly steps: readonly WalkStep[];
}

interface Mapping {
  readonly iova: bigint;
  readonly pa: bigint;
  /** Bytes. */
  readonly size: bigint;
  readonly rights: Rights;
}

interface Fault {
  /** Number in the session: `#n`. */
  readonly n: number;
  /** Console line. */
  readonly line: number;
  readonly time?: number;
  /** 0 is the first kernel of the log. */
  readonly kernel: number;
  readonly vendor: 'intel' | 'amd';
  readonly type: 'dma' | 'interrupt' | 'event';
  readonly access?: 'read' | 'write';
  readonly bdf?: string;
  readonly pasid?: number;
  readonly address: bigint | undefined;
  readonly reason?: number;
  readonly reasonName?: string;
  readonly event?: string;
  readonly domain?: number;
  readonly flags: bigint | undefined;
  readonly index?: number;
}

interface Register {
  readonly unit: string;
  readonly name: string;
  readonly title: string;
  readonly offset: bigint;
  readonly width: number;
  /** undefined: nobody read it. */
  readonly value: bigint | undefined;
  readonly fields: Readonly<Record<string, bigint>>;
}

type Registers = Readonly<Record<string, Register>>;

/** The IOMMU units of the session, simulated ones included. */
declare function units(): Unit[];

/** Every requester with an entry, of all units or of one. */
declare function devices(unit?: string | Unit): Device[];

/** The device with this BDF. @throws when no unit has an entry for it. */
declare function device(bdf: string, pasid?: number): Device;

/** The walk that the unit does for a request. */
declare function walk(bdf: string, address: Address, options?: WalkOptions): Walk;

/** A device's leaves in order of IOVA, lazily. */
declare function mappings(
  device: string | Device,
  options?: { pasid?: number; from?: Address },
): Iterable<Mapping>;

/** The session's faults that pass a filter (`bdf:02:00.0 reason:0x06`), in order, lazily. */
declare function faults(filter?: string): Iterable<Fault>;

/** The entry that a path names. */
declare function entry(path: string | { readonly path?: string }): Entry;

/** Changes one field of an entry in the overlay; `undo()` takes it back. */
declare function poke(entry: string | Entry, field: string, value: Address | boolean): Change;

declare function undo(): void;
declare function redo(): void;

/** A unit's registers by the specification's names: `registers('dmar0').GSTS.fields.TES`. */
declare function registers(unit: string | Unit): Registers;

/** Writes a register of a simulated unit, with the effect that hardware gives it. */
declare function writeRegister(
  register: Register,
  value: Address,
): { readonly events: readonly string[] };

/** `0x1f00000` */
declare function hex(value: Address): string;

/** Prints values, separated by spaces. */
declare function print(...values: unknown[]): void;

/** Shows rows as a table; columns are the rows' own names unless given. */
declare function table(rows: Iterable<object>, columns?: readonly string[]): void;

/** Draws a line through points: numbers, `[x, y]` or `{ x, y }`. */
declare function chart(
  points: Iterable<number | readonly [number, number] | { readonly x: number; readonly y: number }>,
  title?: string,
): void;
