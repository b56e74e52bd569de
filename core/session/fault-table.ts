import { SEVERITY_RANK } from '../format/severity.ts';
import type { FaultRecord } from '../iommu/fault.ts';
import type { FaultRow, FaultsAnswer } from '../protocol/contract.ts';
import type { FilterValueField } from '../protocol/contract-faults.ts';
import type { CallInput } from '../protocol/server.ts';
import { FaultCuts, type Cut } from './fault-cuts.ts';
import type { FilterWorld } from './fault-filter.ts';
import { fieldValues } from './fault-values.ts';
import {
  compareKeys,
  heldBy,
  NO_RANK,
  sortKeys,
  type FaultGroup,
  type FaultSort,
} from './fault-groups.ts';
import { FaultPages, type FrameRange } from './fault-pages.ts';
import { FilterError } from './filter-syntax.ts';
import { rowOfDevice, rowOfFault, ShownMembers, type PlaceOf } from './fault-rows.ts';
import { faultItem, type SessionFault, type Verdict } from './view-fault.ts';

/** What the list shows of a fault that the record does not hold. */
export interface FaultWorld extends FilterWorld {
  verdict(record: FaultRecord): Verdict | undefined;
  /** The verdict if it is at hand: where many thousands are sorted, no more are made. */
  knownVerdict(record: FaultRecord): Verdict | undefined;
}

type Query = CallInput<'faults.rows'>;
/** Which rows there are, wherever the window stands. */
type RowsQuery = Omit<Query, 'from' | 'to'>;
type Sort = FaultSort;

/** Rows of which verdicts are made to sort by them. */
const MAX_JUDGED = 2000;

/** All faults of the session, in the order in which they were told. */
export class FaultTable {
  readonly #world: FaultWorld;
  readonly #faults: SessionFault[] = [];
  /** Numbers of a console's faults by their ordinal in its log. */
  readonly #numbers = new Map<string | undefined, number[]>();
  readonly #cuts: FaultCuts;
  readonly #pages = new FaultPages();
  #epoch = 0;

  constructor(world: FaultWorld) {
    this.#world = world;
    this.#cuts = new FaultCuts(this.#faults, world);
  }

  /** Grows whenever faults were taken out: numbers of before are void then. */
  get epoch(): number {
    return this.#epoch;
  }

  get size(): number {
    return this.#faults.length;
  }

  /**
   * @param ordinal counts the faults of that console from 0
   * @returns the fault's number, counted from 1.
   */
  add(record: FaultRecord, console: string | undefined, ordinal: number): number {
    const n = this.#faults.length + 1;
    this.#faults.push({ n, console, ordinal, record });
    let numbers = this.#numbers.get(console);
    if (!numbers) this.#numbers.set(console, (numbers = []));
    numbers[ordinal] = n;
    return n;
  }

  /** The number of a console's fault; undefined when it is not in the table. */
  numberOf(console: string | undefined, ordinal: number): number | undefined {
    return this.#numbers.get(console)?.[ordinal];
  }

  /** The kernel printed more about a fault that is in the table. */
  replace(n: number, record: FaultRecord): void {
    const old = this.#faults[n - 1];
    if (!old) return;
    this.#faults[n - 1] = { ...old, record };
    this.#pages.forget();
  }

  get(n: number): SessionFault | undefined {
    return this.#faults[n - 1];
  }

  all(): readonly SessionFault[] {
    return this.#faults;
  }

  /** Drops the faults of one console, or all; the numbers of those that stay begin anew. */
  clear(console?: string): void {
    const kept =
      console === undefined ? [] : this.#faults.filter((each) => each.console !== console);
    this.#epoch++;
    this.#faults.length = 0;
    this.#numbers.clear();
    this.#cuts.forget();
    this.#pages.forget();
    for (const { record, console: from, ordinal } of kept) this.add(record, from, ordinal);
  }

  /** Verdicts may have changed: what is sorted by them is sorted again. */
  forget(): void {
    this.#cuts.forget();
  }

  /** Rows of the list; the last valid filter is the caller's to keep. */
  rows(query: Query): Omit<FaultsAnswer, 'logLines' | 'lowerBounds'> {
    const found = this.#cuts.get(query.filter, query.group);
    if (found instanceof FilterError)
      return {
        all: this.size,
        passed: 0,
        total: 0,
        from: query.from,
        rows: [],
        filterError: { text: found.message, at: Math.max(0, found.at) },
      };
    const { rows, total } =
      query.group === 'none' ? this.#plainRows(found, query) : this.#groupRows(found, query);
    const { seen, passed } = found.sieve;
    return {
      all: this.size,
      passed: passed.length,
      total,
      from: query.from,
      rows,
      ...(seen < this.size ? { looked: seen } : {}),
    };
  }

  /** How many faults name a device, in all or within a range of pages. */
  count(bdf: string, range?: FrameRange): number {
    return this.#pages.count(this.#faults, bdf, range);
  }

  /** The values of a field of the filter language; of many faults, only verdicts that are known. */
  values(field: FilterValueField): ReturnType<typeof fieldValues> {
    const known: FilterWorld = {
      ...this.#world,
      verdict: (record) => this.#world.knownVerdict(record),
    };
    return fieldValues(this.#faults, field, this.size > MAX_JUDGED ? known : this.#world);
  }

  /** Faults that pass a filter, in order; a filter that is not understood passes none. */
  passing(filter: string): readonly SessionFault[] {
    const found = this.#cuts.get(filter, 'none');
    if (found instanceof FilterError) return [];
    return found.sieve.passed.map((index) => this.#faults[index]);
  }

  #plainRows(cut: Cut, query: Query): { rows: FaultRow[]; total: number } {
    const order = this.#order(cut, query, cut.sieve.passed, (index) => this.#faults[index], 1);
    const rows = order
      .slice(query.from, Math.max(query.from, query.to))
      .map((index) => this.#row(index, 0));
    return { rows, total: order.length };
  }

  #groupRows(cut: Cut, query: Query): { rows: FaultRow[]; total: number } {
    const folded = new Set(query.folded);
    const rows: FaultRow[] = [];
    let total = 0;
    const show = (row: () => FaultRow): void => {
      if (total >= query.from && total < query.to) rows.push(row());
      total++;
    };
    const shown = new ShownMembers(query);
    const members = (group: FaultGroup, depth: number, within: FaultGroup): void => {
      const own = shown.of(group, within);
      const first = Math.max(0, query.from - total);
      const last = Math.min(own, query.to - total);
      const verdict = first < last ? this.#verdictOf(group)?.id : undefined;
      for (let at = first; at < last; at++) rows.push(this.#row(group.members[at], depth, verdict));
      total += own;
      if (own < group.members.length) show(() => this.#moreRow(group, own, depth));
    };
    for (const group of this.#groups(cut, query)) {
      const expanded = !folded.has(group.key);
      show(() => this.#groupRow(group, expanded, 0));
      if (!expanded) continue;
      // One reason needs no group of its own.
      if (group.inner.size < 2) members(group, 1, group);
      else
        for (const inner of this.#innerOrder(group, query)) {
          const open = !folded.has(inner.key);
          show(() => this.#groupRow(inner, open, 1));
          if (open) members(inner, 2, group);
        }
    }
    return { rows, total };
  }

  /** The groups that pass, in the order asked for. */
  #groups(cut: Cut, query: RowsQuery): FaultGroup[] {
    const groups = [...cut.groups.values()].filter((group) =>
      cut.sieve.filter.groupPasses(group.members.length),
    );
    const indexes = groups.map((_, index) => index);
    const order = this.#order(
      cut,
      query,
      indexes,
      (index) => this.#faults[this.#spokesman(groups[index], groups.length)],
      (index) => groups[index].members.length,
    );
    return order.map((index) => groups[index]);
  }

  /**
   * The row in which a fault stands (its group's, where that is folded), or the first row of the
   * device after or before the one in a row.
   */
  place(query: RowsQuery, of: PlaceOf): number | undefined {
    const found = this.#cuts.get(query.filter, query.group);
    if (found instanceof FilterError) return undefined;
    const rows = this.#places(found, query);
    return 'fault' in of
      ? rowOfFault(rows, of.fault - 1)
      : rowOfDevice(rows, (index) => this.#faults[index].record.bdf, of);
  }

  /** Every row: the faults that it shows or, folded, hides; the first of them stands for it. */
  *#places(cut: Cut, query: RowsQuery): Generator<readonly number[]> {
    if (query.group === 'none') {
      for (const index of this.#order(cut, query, cut.sieve.passed, (at) => this.#faults[at], 1))
        yield [index];
      return;
    }
    const folded = new Set(query.folded);
    const shown = new ShownMembers(query);
    for (const group of this.#groups(cut, query)) {
      const inner = group.inner.size < 2 ? [] : this.#innerOrder(group, query);
      yield folded.has(group.key) ? group.members : group.members.slice(0, 1);
      if (folded.has(group.key)) continue;
      for (const each of inner.length === 0 ? [group] : inner) {
        const open = each === group || !folded.has(each.key);
        if (each !== group) yield open ? each.members.slice(0, 1) : each.members;
        if (!open) continue;
        const own = shown.of(each, group);
        for (const member of each.members.slice(0, own)) yield [member];
        if (own < each.members.length) yield each.members.slice(own);
      }
    }
  }

  /** The reasons of a device, in the order asked for. */
  #innerOrder(group: FaultGroup, { sort: by, reverse = false }: RowsQuery): FaultGroup[] {
    const inner = [...group.inner.values()];
    if (by === 'order') return reverse ? inner.reverse() : inner;
    const keyed = inner.map((each) => {
      const { record, n } = this.#faults[each.members[0]];
      const judge = (of: FaultRecord): Verdict | undefined => this.#world.verdict(of);
      return { each, n, keys: sortKeys(by, record, each.members.length, judge) };
    });
    keyed.sort((a, b) => compareKeys(a.keys, b.keys) || a.n - b.n);
    if (reverse) keyed.reverse();
    return keyed.map(({ each }) => each);
  }

  /** @param verdict the one that the group's row shows */
  #row(index: number, depth: number, verdict?: string): FaultRow {
    const fault = this.#item(this.#faults[index]);
    const sameVerdict = verdict !== undefined && fault.verdict?.id === verdict;
    return { kind: 'fault', inGroup: depth > 0, depth, sameVerdict, fault };
  }

  #verdictOf(group: FaultGroup): Verdict | undefined {
    return this.#world.verdict(this.#faults[this.#spokesman(group, 1)].record);
  }

  #groupRow(group: FaultGroup, expanded: boolean, depth: number): FaultRow {
    const first = this.#item(this.#faults[group.members[0]]);
    const verdict = this.#verdictOf(group);
    const { accesses, pages, devices } = heldBy(group, (place) => this.#faults[place].record);
    return {
      kind: 'group',
      key: group.key,
      expanded,
      depth,
      count: group.members.length,
      first: verdict ? { ...first, verdict } : first,
      ...(group.inner.size > 1 ? { reasons: group.inner.size } : {}),
      accesses: [...accesses],
      pages: pages.size,
      devices: devices.size,
    };
  }

  /** @param own how many of the group have rows of their own */
  #moreRow(group: FaultGroup, own: number, depth: number): FaultRow {
    const { pages } = heldBy(group, (place) => this.#faults[place].record);
    return {
      kind: 'more',
      key: group.key,
      depth,
      count: group.members.length - own,
      first: this.#item(this.#faults[group.members[own]]),
      pages: pages.size,
    };
  }

  /** The place of the fault with a group's worst verdict: of each reason the first is judged. */
  #spokesman(group: FaultGroup, groups: number): number {
    const [first] = group.members;
    if (group.inner.size < 2 || groups > MAX_JUDGED) return first;
    const ranks = [...group.inner.values()].map(({ members: [member] }) => {
      const verdict = this.#world.verdict(this.#faults[member].record);
      return { member, rank: verdict ? SEVERITY_RANK[verdict.severity] : NO_RANK };
    });
    return ranks.reduce((a, b) => (b.rank < a.rank ? b : a)).member;
  }

  #item(fault: SessionFault): ReturnType<typeof faultItem> {
    const { bdf } = fault.record;
    return faultItem(fault, {
      driver: bdf === undefined ? undefined : this.#world.driver(bdf),
      unit: bdf === undefined ? undefined : this.#world.unit(bdf),
      verdict: this.#world.verdict(fault.record),
    });
  }

  /** Places in the order asked for; the result is kept until a fault comes. */
  #order(
    cut: Cut,
    { sort: by, reverse = false }: RowsQuery,
    places: readonly number[],
    faultOf: (place: number) => SessionFault,
    countOf: ((place: number) => number) | 1,
  ): readonly number[] {
    if (by === 'order' && !reverse) return places;
    const { sorted } = cut;
    if (sorted?.by === by && sorted.reverse === reverse && sorted.seen === cut.sieve.seen)
      return sorted.order;
    const order = by === 'order' ? [...places] : this.#sorted(by, places, faultOf, countOf);
    if (reverse) order.reverse();
    cut.sorted = { by, reverse, seen: cut.sieve.seen, order };
    return order;
  }

  #sorted(
    by: Sort,
    places: readonly number[],
    faultOf: (place: number) => SessionFault,
    countOf: ((place: number) => number) | 1,
  ): number[] {
    const judge = (record: FaultRecord): Verdict | undefined =>
      places.length > MAX_JUDGED ? this.#world.knownVerdict(record) : this.#world.verdict(record);
    const keyed = places.map((place) => {
      const { record, n } = faultOf(place);
      const count = countOf === 1 ? 1 : countOf(place);
      return { place, n, keys: sortKeys(by, record, count, judge) };
    });
    keyed.sort((a, b) => compareKeys(a.keys, b.keys) || a.n - b.n);
    return keyed.map(({ place }) => place);
  }
}
