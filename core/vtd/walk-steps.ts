/** What a walk collects on its way, and how it ends. */
import type { IntelFacts } from '../iommu/facts.ts';
import type { Rights } from '../iommu/leaves.ts';
import type { Entry, WalkRequest, WalkResult, WalkStep } from '../iommu/unit.ts';
import type { PhysicalMemory, UnknownPage } from '../memory/physical.ts';
import type { Capabilities } from './capabilities.ts';
import { entryWords } from './reader.ts';
import { faultReason, faultReasonName } from './reasons.ts';
import type { Layout } from '../bits/layout.ts';

/** Where an entry stands, before it is read. */
export interface EntryPlace {
  readonly what: string;
  readonly path: string;
  readonly layout: Layout | ((first: bigint) => Layout);
  readonly table: bigint;
  readonly index: number;
  /** Bytes of one entry. */
  readonly size: number;
}

/** One walk: the request, what is known of the unit, and the steps so far. */
export class Walk {
  readonly facts: IntelFacts;
  readonly memory: PhysicalMemory;
  readonly capabilities: Capabilities;
  readonly request: WalkRequest;
  readonly steps: WalkStep[] = [];
  /** FPD of an entry that was used so far: qualified faults are not recorded. */
  faultProcessingDisabled = false;

  constructor(
    facts: IntelFacts,
    memory: PhysicalMemory,
    capabilities: Capabilities,
    request: WalkRequest,
  ) {
    this.facts = facts;
    this.memory = memory;
    this.capabilities = capabilities;
    this.request = request;
  }

  get write(): boolean {
    return this.request.access === 'write';
  }

  /**
   * Reads an entry.
   * @param accessError the reason that hardware reports when the entry's memory does not answer.
   *   A source that describes a whole machine (a simulated unit's) knows that; of a dump, nobody
   *   can tell whether the page existed.
   */
  read(place: EntryPlace, accessError: number): Entry | WalkResult {
    const address = place.table + BigInt(place.size * place.index);
    const words = entryWords(this.memory, address, place.size / 8);
    if (typeof words === 'string') return this.#missing(place, words, accessError);
    const layout = typeof place.layout === 'function' ? place.layout(words[0]) : place.layout;
    return { path: place.path, address, words, layout };
  }

  /** Notes an entry from which the walk goes on. */
  next(place: EntryPlace, entry: Entry, text: string, rights?: Rights): void {
    this.#step(place, entry, text, rights, 'next');
  }

  /** Notes the entry that maps the page. */
  leaf(place: EntryPlace, entry: Entry, text: string, rights: Rights): void {
    this.#step(place, entry, text, rights, 'leaf');
  }

  /** Ends the walk at an entry. */
  stop(place: EntryPlace, entry: Entry, text: string, reason: number, rights?: Rights): WalkResult {
    this.#step(place, entry, text, rights, 'stop');
    return this.fault(reason);
  }

  /** Ends the walk with a fault that no single entry decides. */
  fault(reason: number): WalkResult {
    const silent = this.faultProcessingDisabled && faultReason(reason)?.qualified === true;
    return {
      result: 'fault',
      reason,
      name: faultReasonName(reason),
      ...(silent ? { silent } : {}),
      steps: this.steps,
    };
  }

  /** Ends the walk where nothing translates the address. */
  untranslated(): WalkResult {
    return {
      result: 'translated',
      pa: this.request.address,
      size: 4096n,
      rights: 3,
      untranslated: true,
      steps: this.steps,
    };
  }

  #step(
    place: EntryPlace,
    entry: Entry,
    text: string,
    rights: Rights | undefined,
    outcome: WalkStep['outcome'],
  ): void {
    const { what, index, table } = place;
    this.steps.push({ what, index, table, entry, missing: undefined, text, rights, outcome });
  }

  #missing(place: EntryPlace, why: UnknownPage, accessError: number): WalkResult {
    const { what, index, table } = place;
    const certain = why === 'absent' && this.facts.from === 'simulated';
    const text = certain
      ? 'no memory answers at this address'
      : `the page of this entry is not known (${why}): nothing can be decided`;
    const outcome = certain ? 'stop' : 'unknown';
    this.steps.push({
      what,
      index,
      table,
      text,
      outcome,
      entry: undefined,
      missing: why,
      rights: undefined,
    });
    if (certain) return this.fault(accessError);
    const address = table + BigInt(place.size * index);
    return { result: 'unknown', why, address: address & ~0xfffn, steps: this.steps };
  }
}

/** Whether a step of the walk ended it. */
export function ended(value: object): value is WalkResult {
  return 'result' in value;
}
