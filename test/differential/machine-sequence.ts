/** Seeded sequences of table edits, invalidations and DMA, played on both units. */
import { withField } from '../../core/bits/layout.ts';
import { contextEntry } from '../../core/machine/tables.ts';
import type { DomainTables } from '../../core/machine/tables.ts';
import { CCMD, RTADDR } from '../../core/vtd/registers-global.ts';
import { CONTEXT_ENTRY } from '../../core/vtd/tables.ts';
import type { Access, Bench, Difference } from './machine-bench.ts';
import { Random } from './random.ts';

const EDITS = 10;

const SMALL_FROM = 0n;
const SMALL_PAGES = 8;
const LARGE_FROM = 0x4000_0000n;
const LARGE_PAGES = 2;
const LARGE_BYTES = 0x20_0000n;
export const TARGETS_FROM = 0x200_0000n;
const LARGE_TARGETS_FROM = 0x400_0000n;
const NO_MEMORY = 0x6000_0000n;

/** An aligned run of pages whose entries changed: a page-selective invalidation's reach. */
interface Run {
  readonly iova: bigint;
  /** 2^mask pages. */
  readonly mask: number;
}

/** What an edit requires of software before the unit is sure to follow it. */
type Required =
  | { readonly kind: 'nothing' }
  | { readonly kind: 'translations'; readonly domain: number; readonly run?: Run }
  | { readonly kind: 'context'; readonly domain: number }
  | { readonly kind: 'everything' };

const NOTHING: Required = { kind: 'nothing' };
const EVERYTHING: Required = { kind: 'everything' };

/** What the sequences met. */
export class Met {
  readonly outcomes = new Map<string, number>();
  compared = 0;
  rules = 0;

  /** @param rule whether the two differed by one of QEMU's own rules */
  count(outcome: string, rule: boolean): void {
    this.compared++;
    if (rule) this.rules++;
    const kind = outcome.replace(/ (0x|read|write).*/, '');
    this.outcomes.set(kind, (this.outcomes.get(kind) ?? 0) + 1);
  }

  line(): string {
    const told = [...this.outcomes].map(([kind, count]) => `${kind}: ${count}`).sort();
    return `${this.compared} DMAs compared (${told.join(', ')}); ${this.rules} by rule`;
  }
}

/** One seeded sequence; what is compared is counted. */
export class Sequence {
  readonly #bench: Bench;
  readonly #random: Random;
  readonly #domains: readonly { readonly id: number; readonly tables: DomainTables }[];
  readonly #met: Met;
  readonly #told: string[] = [];
  /** An edit's invalidation was left out: only a global one makes the units comparable again. */
  #stale = false;
  /** The unit uses another root table than the one that is edited. */
  #elsewhere = false;
  /** Where entries pointed that were made to point where no memory is. */
  readonly #lost = new Map<bigint, bigint>();
  /** Where the root entry pointed, likewise. */
  #contexts = 0n;

  constructor(bench: Bench, seed: number, met: Met) {
    this.#bench = bench;
    this.#met = met;
    this.#random = new Random(seed);
    this.#domains = [7, 12].map((id) => ({ id, tables: bench.domain(id) }));
  }

  /** Plays the sequence. @returns the first difference with what led to it. */
  async play(): Promise<(Difference & { readonly after: readonly string[] }) | undefined> {
    const bench = this.#bench;
    for (const { tables } of this.#domains)
      for (let page = 0; page < SMALL_PAGES; page += 2) this.#mapSmall(tables, page);
    this.#attach(this.#domains[0]);
    bench.enable(true);
    bench.setRoot(bench.root.root);
    for (let edit = 0; edit < EDITS; edit++) {
      this.#invalidate(this.#edit());
      const requests = 1 + this.#random.below(3);
      for (let at = 0; at < requests; at++) {
        const difference = await this.#dma();
        if (difference) return { ...difference, after: this.#told };
      }
    }
    return undefined;
  }

  async #dma(): Promise<Difference | undefined> {
    const address = this.#address();
    const access: Access = this.#random.chance(50) ? 'read' : 'write';
    this.#told.push(`${access} 0x${address.toString(16)}${this.#stale ? ' unseen' : ''}`);
    if (this.#stale) {
      await this.#bench.dmaUnseen(address, access);
      return undefined;
    }
    const { difference, rule, outcome } = await this.#bench.dma(address, access);
    this.#met.count(outcome, rule);
    return difference;
  }

  #address(): bigint {
    const offset = BigInt(this.#random.below(0xf0)) * 16n;
    if (this.#random.chance(4)) return (1n << 60n) | offset;
    if (this.#random.chance(25))
      return LARGE_FROM + BigInt(this.#random.below(LARGE_PAGES * 512)) * 0x1000n + offset;
    return SMALL_FROM + BigInt(this.#random.below(SMALL_PAGES)) * 0x1000n + offset;
  }

  // ---- edits ---------------------------------------------------------------------------------

  #edit(): Required {
    if (this.#elsewhere) {
      this.#bench.setRoot(this.#bench.root.root);
      this.#told.push('RTADDR back');
      this.#elsewhere = false;
      this.#stale = false;
    }
    const { id, tables } = this.#random.pick(this.#domains);
    const choice = this.#random.below(100);
    if (choice < 35) return this.#editSmall(id, tables);
    if (choice < 45) return this.#editLarge(id, tables);
    if (choice < 55) return this.#editUpper(id, tables);
    if (choice < 85) return this.#editContext();
    if (choice < 92) return this.#editRoot();
    return this.#moveRoot();
  }

  /** Changes an aligned run of 1, 2 or 4 pages. */
  #editSmall(domain: number, tables: DomainTables): Required {
    const mask = this.#random.below(3);
    const first = (this.#random.below(SMALL_PAGES) >> mask) << mask;
    let present = false;
    for (let page = first; page < first + (1 << mask); page++) {
      const iova = SMALL_FROM + BigInt(page) * 0x1000n;
      const address = tables.entryAddress(iova, 1, true);
      present ||= (this.#word(address) & 3n) !== 0n;
      const choice = this.#random.below(10);
      if (choice === 0) this.#store(address, TARGETS_FROM | 3n | (1n << 51n), 'reserved');
      else if (choice === 1) tables.map(iova, NO_MEMORY, 3);
      else this.#mapSmall(tables, page);
      this.#told.push(`domain ${domain} page ${page}: 0x${this.#word(address).toString(16)}`);
    }
    const run = { iova: SMALL_FROM + BigInt(first) * 0x1000n, mask };
    return present ? { kind: 'translations', domain, run } : NOTHING;
  }

  #mapSmall(tables: DomainTables, page: number): void {
    const target = TARGETS_FROM + BigInt(this.#random.below(64)) * 0x1000n;
    tables.map(SMALL_FROM + BigInt(page) * 0x1000n, target, this.#rights());
  }

  #editLarge(domain: number, tables: DomainTables): Required {
    const iova = LARGE_FROM + BigInt(this.#random.below(LARGE_PAGES)) * LARGE_BYTES;
    const address = tables.entryAddress(iova, 2, true);
    const present = (this.#word(address) & 3n) !== 0n;
    const target = LARGE_TARGETS_FROM + BigInt(this.#random.below(8)) * LARGE_BYTES;
    tables.map(iova, target, this.#rights(), 2);
    this.#told.push(`domain ${domain} large page: 0x${this.#word(address).toString(16)}`);
    return present ? { kind: 'translations', domain, run: { iova, mask: 0 } } : NOTHING;
  }

  /** Changes the rights of an entry that points to a table, or where it points. */
  #editUpper(domain: number, tables: DomainTables): Required {
    const level = 2 + this.#random.below(tables.levels - 1);
    const address = tables.entryAddress(SMALL_FROM, level, true);
    const word = this.#word(address);
    const pointer = word & ~3n & ~(1n << 50n);
    const table = pointer === NO_MEMORY ? (this.#lost.get(address) ?? pointer) : pointer;
    this.#lost.set(address, table);
    const choice = this.#random.below(10);
    if (choice === 0) this.#store(address, table | 3n | (1n << 50n), 'reserved');
    else if (choice === 1) this.#store(address, NO_MEMORY | 3n, 'no memory');
    else this.#store(address, table | BigInt(choice < 8 ? 3 : choice - 7), 'rights');
    this.#told.push(`domain ${domain} L${level}: 0x${this.#word(address).toString(16)}`);
    return word & 3n ? { kind: 'translations', domain } : NOTHING;
  }

  #editContext(): Required {
    const [low, high] = this.#bench.root.context(this.#bench.device);
    const before = Number((high >> 8n) & 0xffffn);
    const choice = this.#random.below(100);
    if (choice < 70) this.#attach(this.#random.pick(this.#domains));
    else if (choice < 78) this.#passThrough();
    else if (choice < 84) this.#setContext([low & ~1n, high]);
    else if (choice < 90) this.#setContext(withField(CONTEXT_ENTRY, [low, high], 'FPD', 1n));
    else if (choice < 95) this.#setContext([low | 0x100n, high]);
    else this.#setContext(withField(CONTEXT_ENTRY, [low, high], 'AW', 3n));
    return low & 1n ? { kind: 'context', domain: before } : NOTHING;
  }

  #attach({ id, tables }: { id: number; tables: DomainTables }): void {
    this.#setContext(contextEntry({ translation: 'second-stage', domain: id, tables }));
  }

  #passThrough(): void {
    const { levels } = this.#domains[0].tables;
    this.#setContext(contextEntry({ translation: 'pass-through', domain: 3, levels }));
  }

  #setContext(words: readonly bigint[]): void {
    this.#bench.root.setContext(this.#bench.device, words);
    this.#told.push(`context: ${words.map((word) => `0x${word.toString(16)}`).join(' ')}`);
  }

  /** Damages or restores the root entry of the device's bus. */
  #editRoot(): Required {
    const { root } = this.#bench.root;
    const word = this.#word(root);
    const pointer = word & ~0xfffn;
    const table = pointer === NO_MEMORY ? this.#contexts : pointer;
    this.#contexts = table;
    const sound = table | 1n;
    const next = this.#random.pick([sound, sound, sound, table, table | 0x11n, NO_MEMORY | 1n]);
    this.#store(root, next, 'root entry');
    this.#told.push(`root entry: 0x${next.toString(16)}`);
    return word & 1n ? EVERYTHING : NOTHING;
  }

  /** A new RTADDR changes nothing by itself; SRTP makes it count. */
  #moveRoot(): Required {
    const bench = this.#bench;
    const elsewhere = this.#random.chance(30) ? NO_MEMORY : bench.page();
    bench.write(RTADDR, { RTA: elsewhere >> 12n });
    this.#told.push(`RTADDR 0x${elsewhere.toString(16)}`);
    if (this.#random.chance(50)) return NOTHING;
    bench.setRoot(elsewhere);
    this.#stale = false;
    this.#elsewhere = true;
    return NOTHING;
  }

  #rights(): number {
    return this.#random.pick([0, 1, 2, 3, 3, 3]);
  }

  #word(address: bigint): bigint {
    const page = this.#bench.machine.memory.page(Number(address >> 12n));
    if (typeof page === 'string') return 0n;
    const view = new DataView(page.buffer, page.byteOffset, page.byteLength);
    return view.getBigUint64(Number(address & 0xfffn), true);
  }

  #store(address: bigint, word: bigint, what: string): void {
    this.#bench.machine.memory.writeWords(address, [word], what);
  }

  // ---- invalidation --------------------------------------------------------------------------

  /** Does what an edit requires, by one of the granularities that suffice; or leaves it out. */
  #invalidate(required: Required): void {
    const bench = this.#bench;
    if (this.#stale ? this.#random.chance(50) : required.kind === 'everything') {
      bench.flush();
      this.#stale = false;
      this.#told.push('flush all');
      return;
    }
    if (required.kind === 'nothing' || required.kind === 'everything') return;
    if (this.#random.chance(20)) {
      this.#stale = true;
      this.#told.push('no invalidation');
      return;
    }
    if (required.kind === 'context') this.#invalidateContext(required.domain);
    this.#invalidateTranslations(
      required.domain,
      required.kind === 'translations' ? required.run : undefined,
    );
  }

  #invalidateContext(domain: number): void {
    const granularity = 1 + this.#random.below(3);
    const [mask, functions] = this.#random.pick([
      [0, 0],
      [1, 4],
      [2, 6],
      [3, 7],
    ] as const);
    // The function numbers that the mask leaves out may be anything.
    const id = this.#bench.device ^ (functions & this.#random.below(8));
    const which = granularity === 3 ? { SID: id, FM: mask } : { SID: 0, FM: 0 };
    this.#bench.write(CCMD, { ICC: 1, CIRG: granularity, DID: domain, ...which });
    this.#told.push(`context ${['', 'global', 'domain', 'device'][granularity]} ${domain}`);
  }

  #invalidateTranslations(domain: number, run: Run | undefined): void {
    const bench = this.#bench;
    const granularity = 1 + this.#random.below(run ? 3 : 2);
    if (granularity === 3 && run) {
      const mask = run.mask + this.#random.below(4);
      const IH = this.#random.below(2);
      bench.write(bench.iva, { AM: mask, IH, ADDR: run.iova >> 12n });
    }
    bench.write(bench.iotlb, { IVT: 1, IIRG: granularity, DID: domain });
    this.#told.push(`IOTLB ${['', 'global', 'domain', 'page'][granularity]} ${domain}`);
  }
}
