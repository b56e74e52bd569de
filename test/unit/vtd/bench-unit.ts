/** Small hand-made units for the tests of this folder. */
import { encode } from '../../../core/bits/layout.ts';
import type { IntelFacts } from '../../../core/iommu/facts.ts';
import type { Unit, WalkRequest, WalkResult } from '../../../core/iommu/unit.ts';
import { UNKNOWN_MMIO } from '../../../core/memory/mmio.ts';
import {
  CONTEXT_ENTRY,
  PASID_DIRECTORY_ENTRY,
  PASID_TABLE_ENTRY,
  ROOT_ENTRY,
  SCALABLE_CONTEXT_ENTRY,
  SCALABLE_ROOT_ENTRY,
} from '../../../core/vtd/tables.ts';
import { intelUnit } from '../../../core/vtd/unit.ts';
import { ModelMemory } from '../../support/model-memory.ts';

export const ROOT = 0x1000n;
export const CONTEXTS = 0x2000n;
export const DIRECTORY = 0x3000n;
export const PASIDS = 0x4000n;
/** Tables of the device's page table: `LEVEL[4]` is where the level-4 table stands. */
export const LEVEL = [0n, 0x11000n, 0x12000n, 0x13000n, 0x14000n, 0x15000n] as const;
/** Requester 02:00.0. */
export const DEVICE = 0x200;

/** A unit that supports everything that the tests ask for. */
const EVERYTHING_CAP =
  (6n << 0n) | // ND: 16-bit domains
  (0b01110n << 8n) | // SAGAW: 39, 48, 57 bits
  (56n << 16n) | // MGAW: 57 bits
  (0x22n << 24n) | // FRO
  (3n << 34n) | // SSLPS: 2 MiB and 1 GiB
  (1n << 56n) | // FS1GP
  (1n << 60n); // FS5LP
const EVERYTHING_ECAP =
  (1n << 2n) | // DT
  (1n << 6n) | // PT
  (1n << 7n) | // SC
  (1n << 26n) | // NEST
  (19n << 35n) | // PSS: 20 bits
  (1n << 40n) | // PASID
  (1n << 43n) | // SMTS
  (1n << 46n) | // SSTS
  (1n << 47n) | // FSTS
  (1n << 49n) | // RPS
  (1n << 52n) | // ADMS
  (1n << 53n); // RPRIVS

const FACTS: IntelFacts = {
  vendor: 'intel',
  name: 'dmar0',
  segment: 0,
  base: 0xfed9_0000n,
  from: 'file',
  registers: UNKNOWN_MMIO,
  translationEnabled: true,
  cap: EVERYTHING_CAP,
  ecap: EVERYTHING_ECAP,
  rootTable: ROOT,
  mode: 'legacy',
  hostAddressWidth: 46,
  interrupts: undefined,
  queue: undefined,
};

type Values = Readonly<Record<string, bigint | number>>;

/** Memory with entries put into it, and the unit over it. */
export class Bench {
  readonly memory = new ModelMemory(64 << 20);
  facts: IntelFacts = FACTS;

  put(address: bigint, ...words: bigint[]): this {
    words.forEach((word, at) => this.memory.writeWord(address + BigInt(8 * at), word));
    return this;
  }

  /** Root and context entry of the device, legacy mode. */
  legacy(context: Values = {}): this {
    this.put(ROOT + 16n * 2n, ...encode(ROOT_ENTRY, { P: 1, CTP: CONTEXTS >> 12n }));
    const values = { P: 1, AW: 2, SSPTPTR: LEVEL[4] >> 12n, DID: 10, ...context };
    return this.put(CONTEXTS, ...encode(CONTEXT_ENTRY, values));
  }

  /** Root, context, directory and PASID table entry of the device, scalable mode. */
  scalable(pasid: Values = {}, context: Values = {}): this {
    this.facts = { ...this.facts, mode: 'scalable' };
    this.put(ROOT + 16n * 2n, ...encode(SCALABLE_ROOT_ENTRY, { LP: 1, LCTP: CONTEXTS >> 12n }));
    const values = { P: 1, PASIDDIRPTR: DIRECTORY >> 12n, ...context };
    this.put(CONTEXTS, ...encode(SCALABLE_CONTEXT_ENTRY, values));
    this.put(DIRECTORY, ...encode(PASID_DIRECTORY_ENTRY, { P: 1, SMPTBLPTR: PASIDS >> 12n }));
    return this.pasid(0, pasid);
  }

  /** A PASID table entry: first-stage with four levels unless `values` say otherwise. */
  pasid(pasid: number, values: Values): this {
    const all = { P: 1, PGTT: 1, AW: 2, FSPTPTR: LEVEL[4] >> 12n, DID: 7, ...values };
    return this.put(PASIDS + 64n * BigInt(pasid % 64), ...encode(PASID_TABLE_ENTRY, all));
  }

  /** A chain of tables from `from` to level 1, all at index 0, with the low bits given. */
  chain(from: number, low: bigint): this {
    for (let level = from; level > 1; level--) this.put(LEVEL[level], LEVEL[level - 1] | low);
    return this;
  }

  unit(): Unit {
    return intelUnit(this.facts, this.memory);
  }

  walk(address: bigint, request: Partial<WalkRequest> = {}): WalkResult {
    return this.unit().walk({
      id: DEVICE,
      pasid: undefined,
      access: 'read',
      address,
      ...request,
    });
  }
}

/** One way in which a request is refused. */
export interface Refusal {
  readonly name: string;
  readonly make: () => Bench;
  readonly address?: bigint;
  readonly request?: Partial<WalkRequest>;
  readonly reason: number;
}

export const WRITE: Partial<WalkRequest> = { access: 'write' };
