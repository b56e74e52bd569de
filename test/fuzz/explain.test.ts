/**
 * Hostile states: explain, audit, reverse, diff and scan over damaged tables and over noise answer
 * in bounded time and never throw.
 */
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { audit } from '../../core/explain/audit/audit.ts';
import { auditState } from '../../core/explain/audit/sweep.ts';
import { diffStates } from '../../core/explain/diff/diff.ts';
import { explainFault } from '../../core/explain/explain.ts';
import { ReverseIndex } from '../../core/explain/reverse.ts';
import { scanSteps } from '../../core/explain/scan/scan.ts';
import { finish } from '../../core/memory/steps.ts';
import { amdUnit } from '../../core/amdvi/unit.ts';
import type { AmdFacts, IntelFacts } from '../../core/iommu/facts.ts';
import { UNKNOWN_MMIO } from '../../core/memory/mmio.ts';
import type { PhysicalMemory, UnknownPage } from '../../core/memory/physical.ts';
import { intelUnit } from '../../core/vtd/unit.ts';

const PAGES = 24;

/** A few pages of entries that point to one another, and everywhere else. */
class Noise implements PhysicalMemory {
  readonly #pages: readonly (Uint8Array | UnknownPage)[];

  constructor(words: readonly (readonly [at: number, word: bigint])[], missing: readonly number[]) {
    const bytes = new Uint8Array(PAGES * 4096);
    const view = new DataView(bytes.buffer);
    for (const [at, word] of words) view.setBigUint64(8 * (at % (PAGES * 512)), word, true);
    this.#pages = Array.from({ length: PAGES }, (_, pfn) =>
      missing.includes(pfn) ? 'excluded' : bytes.subarray(4096 * pfn, 4096 * pfn + 4096),
    );
  }

  page(pfn: number): Uint8Array | UnknownPage {
    return this.#pages[pfn] ?? 'absent';
  }

  provenance(pfn: number): 'present' | UnknownPage {
    const page = this.page(pfn);
    return typeof page === 'string' ? page : 'present';
  }

  ranges(): { from: number; to: number }[] {
    return [{ from: 0, to: PAGES }];
  }

  describe(): string {
    return 'noise';
  }
}

/** Words that look like entries: a frame near by, flags below, now and then anything. */
const word = fc.oneof(
  {
    weight: 6,
    arbitrary: fc
      .tuple(fc.nat(PAGES + 2), fc.nat(0xfff))
      .map(([pfn, flags]) => (BigInt(pfn) << 12n) | BigInt(flags)),
  },
  {
    weight: 2,
    arbitrary: fc
      .tuple(fc.nat(PAGES), fc.nat(0xfff))
      .map(([pfn, flags]) => (3n << 61n) | (BigInt(pfn) << 12n) | BigInt(flags) | 1n),
  },
  { weight: 1, arbitrary: fc.bigInt({ min: 0n, max: (1n << 64n) - 1n }) },
);
const memory = fc
  .tuple(
    fc.array(fc.tuple(fc.nat(PAGES * 512 - 1), word), { minLength: 20, maxLength: 400 }),
    fc.array(fc.nat(PAGES - 1), { maxLength: 2 }),
  )
  .map(([words, missing]) => new Noise(words, missing));

const intel = (mode: IntelFacts['mode']): IntelFacts => ({
  vendor: 'intel',
  name: 'dmar0',
  segment: 0,
  base: undefined,
  from: 'file',
  registers: UNKNOWN_MMIO,
  translationEnabled: true,
  cap: undefined,
  ecap: undefined,
  rootTable: 0n,
  mode,
  interrupts: { table: 0x4000n, capacity: 1024, extended: false },
  queue: undefined,
});
const amd: AmdFacts = {
  vendor: 'amd',
  name: 'ivhd0',
  segment: 0,
  base: undefined,
  from: 'file',
  registers: UNKNOWN_MMIO,
  translationEnabled: true,
  extendedFeatures: undefined,
  control: undefined,
  deviceTable: 0n,
  capacity: 512,
  interruptFormat: 128,
  commandBuffer: undefined,
  eventLog: undefined,
  pprLog: undefined,
  smeMask: 0n,
};
const FACTS = [intel('legacy'), intel('scalable'), amd] as const;
/** Tables that share pages stand for more leaves than anyone can read. */
const BUDGET = { tablePages: 2000 };

test('noise is answered, whatever it says', () => {
  fc.assert(
    fc.property(
      memory,
      memory,
      fc.nat(2),
      fc.nat(0xffff),
      fc.bigInt({ min: 0n, max: (1n << 64n) - 1n }),
      (a, b, which, id, address) => {
        const facts = FACTS[which];
        const unit = (of: PhysicalMemory) =>
          facts.vendor === 'intel' ? intelUnit(facts, of) : amdUnit(facts, of);
        const [left, right] = [unit(a), unit(b)];
        for (const { outcome } of audit(auditState([facts], a, { map: {} }, { budget: BUDGET })))
          expect(['found', 'passed', 'skipped']).toContain(outcome.outcome);
        const index = ReverseIndex.build([left], { budget: BUDGET, maxRanges: 10_000 });
        expect([...index.reaching({ from: 0, to: 4 })].every(({ pages }) => pages > 0)).toBe(true);
        const diff = diffStates([left], [right], { budget: BUDGET });
        for (const { a: was, b: is } of diff.changes) expect(was).not.toEqual(is);
        for (const { score } of finish(scanSteps(a)).candidates)
          expect(score).toBeLessThanOrEqual(1);
        const record = {
          line: 1,
          kernel: 0,
          vendor: facts.vendor,
          bdf: '00:01.0',
          address,
        } as const;
        const context = { units: [left], tablesOf: 0, driverOf: () => undefined, knowledge: [] };
        for (const type of ['dma', 'interrupt', 'event'] as const) {
          const fault = { ...record, type, index: id, event: 'IO_PAGE_FAULT', flags: BigInt(id) };
          expect(explainFault(fault, context).text).not.toBe('');
        }
      },
    ),
    { numRuns: 150 },
  );
}, 60_000);
