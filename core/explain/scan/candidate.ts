/** What a scan finds: tables by their form alone, with what speaks for and against them. */

export type CandidateKind =
  | 'root-table'
  | 'scalable-root-table'
  | 'context-table'
  | 'device-table'
  | 'interrupt-table'
  | 'second-stage-table'
  | 'first-stage-table'
  | 'v1-table';

/** A device that a found table describes. */
export interface FoundDevice {
  readonly bdf: string;
  readonly translation: string;
  readonly domain: number | undefined;
  readonly levels: number | undefined;
  readonly pageTable: bigint | undefined;
  /** What stands at the page table's address. */
  readonly tables: TableState;
}

/**
 * What stands where a pointer leads: a sound table, a page of zeros (a table without entries), a
 * page that is not known (left out by a filter), or nothing that could be one.
 */
export type TableState = 'sound' | 'empty' | 'unknown' | 'bad' | 'none';

export interface Candidate {
  readonly kind: CandidateKind;
  readonly vendor: 'intel' | 'amd';
  /** Physical address. */
  readonly address: bigint;
  /** 0 to 1: how sure it is that a unit used this. */
  readonly score: number;
  readonly why: readonly string[];
  readonly devices: readonly FoundDevice[];
  /** Entries of the table, where it has no fixed number. */
  readonly entries?: number;
  /** Bits in an interrupt remapping entry. */
  readonly format?: 32 | 128;
  /** Candidate that points here. */
  readonly parent?: bigint;
  /** Requesters that the entries of an interrupt table check, each once. */
  readonly sources?: readonly number[];
  /** Units that it serves, where that can be told: one of VT-d, all of a segment of AMD-Vi. */
  readonly units?: readonly { readonly name: string; readonly base: bigint | undefined }[];
}

/** Pieces of evidence of given weights, taken as independent. */
export class Evidence {
  #doubt = 1;
  #factor = 1;
  readonly why: string[] = [];

  /** Something speaks for it. @param weight 0 (nothing) to 1 (proof); @param times how often */
  for(weight: number, times = 1): this {
    this.#doubt *= (1 - weight) ** times;
    return this;
  }

  /** Something speaks against it: what is believed so far is multiplied. */
  against(factor: number, times = 1): this {
    this.#factor *= factor ** times;
    return this;
  }

  say(text: string): this {
    this.why.push(text);
    return this;
  }

  get score(): number {
    return Math.round((1 - this.#doubt) * this.#factor * 1000) / 1000;
  }
}
