/**
 * The hpsa story against its source: the mail of Xunlei Pang, "[PATCH v2] iommu/vt-d: Flush old
 * iommu caches for kdump when the device gets context mapped" (2016-11-19), whose log it prints.
 */
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Strategy, TakeOver } from '../../../core/handoff/lab.ts';
import { runStory, scenarioOf } from '../../../core/handoff/run.ts';
import { copyAndSwitch, copyTables } from '../../../core/handoff/strategies/copy-tables.ts';
import { domainOf } from '../../../core/handoff/vtd-driver.ts';
import { parseLog } from '../../../core/log/parse.ts';

const SCENARIO = 'hpsa-stale-cache';

/** The log as the mail quotes it. */
const THREAD = `HP HPSA Driver (v 3.4.16-0)
hpsa 0000:02:00.0: using doorbell to reset controller
hpsa 0000:02:00.0: board ready after hard reset.
hpsa 0000:02:00.0: Waiting for controller to respond to no-op
DMAR: Setting identity map for device 0000:02:00.0 [0xe8000 - 0xe8fff]
DMAR: Setting identity map for device 0000:02:00.0 [0xf4000 - 0xf4fff]
DMAR: Setting identity map for device 0000:02:00.0 [0xbdf6e000 - 0xbdf6efff]
DMAR: Setting identity map for device 0000:02:00.0 [0xbdf6f000 - 0xbdf7efff]
DMAR: Setting identity map for device 0000:02:00.0 [0xbdf7f000 - 0xbdf82fff]
DMAR: Setting identity map for device 0000:02:00.0 [0xbdf83000 - 0xbdf84fff]
DMAR: DRHD: handling fault status reg 2
DMAR: [DMA Read] Request device [02:00.0] fault addr fffff000 [fault reason 06] PTE Read access is not set
hpsa 0000:02:00.0: controller message 03:00 timed out
hpsa 0000:02:00.0: no-op failed; re-trying`.split('\n');

describe('tables copied without a flush', () => {
  const story = runStory(SCENARIO, 'copy-tables');

  test("the console holds the thread's log, line by line", () => {
    const from = story.console.indexOf(THREAD[0]);
    expect(story.console.slice(from, from + THREAD.length)).toEqual(THREAD);
  });

  test('each kernel has a clock, from its own start on', () => {
    expect(story.times).toHaveLength(story.console.length);
    const starts = story.console.flatMap((line, index) =>
      line.startsWith('Linux version') ? [index] : [],
    );
    expect(starts.map((index) => story.times[index])).toEqual([0, 0]);
    for (let index = 1; index < story.times.length; index++)
      if (!starts.includes(index))
        expect(story.times[index]).toBeGreaterThan(story.times[index - 1]);
    // The driver looks ten times for an answer, ten seconds apart, before it says so.
    const at = (text: string): number => story.times[story.console.indexOf(text)];
    const fault = at(THREAD[11]);
    expect(at(THREAD[12]) - fault).toBeGreaterThan(100);
    expect(at(THREAD[12]) - fault).toBeLessThan(101);
  });

  test('the device stays dead', () => {
    expect(story.outcome).toBe('device lost');
    expect(story.console.at(-1)).toBe('hpsa 0000:02:00.0: no-op failed');
    expect(story.console.filter((line) => line.includes('timed out'))).toHaveLength(12);
  });

  test('the fault is of a page whose entry is valid in memory', () => {
    const deciding = story.steps.filter((step) => step.deciding);
    expect(deciding).toHaveLength(1);
    const rows = new Map(deciding[0].state.map((row) => [row.what, row]));
    const entry = rows.get('Entry of 0xfffff000');
    expect(entry).toMatchObject({ cached: 'not mapped', differs: true });
    expect(entry?.memory).toMatch(/^0x2[b-f][0-9a-f]{6} rw$/);
    const domain = rows.get('Domain of 02:00.0');
    expect(domain?.differs).toBe(true);
    expect(Number(domain?.memory)).toBe(Number(domain?.cached) + 1);
  });

  test('what decides is the context entry that the unit cached from DMA in flight', () => {
    const at = story.steps.findIndex((step) => step.deciding);
    const kinds = story.steps[at].events.map((event) => event.kind);
    expect(kinds).toEqual(['cache hit', 'cache miss', 'fault', 'interrupt', 'dma']);
    const [hit, , fault] = story.steps[at].events;
    const fill = story.steps
      .slice(0, at)
      .flatMap((step) => step.events)
      .findLast((event) => event.kind === 'cache fill' && event.cache === 'context cache');
    expect(hit).toMatchObject({ cache: 'context cache', id: 0x200 });
    expect(fill).toMatchObject({
      domain: (hit as { domain: number }).domain,
      pointsTo: (hit as { pointsTo: bigint }).pointsTo,
    });
    expect(fault).toMatchObject({ reason: 6, address: 0xffff_f000n, recorded: 'recorded' });
  });

  test('DMA in flight reaches the first kernel only', () => {
    const owners = story.steps
      .flatMap((step) => step.events)
      .flatMap((event) => (event.kind === 'dma' && event.access === 'write' ? [event.owner] : []));
    expect(new Set(owners)).toEqual(new Set(['old kernel']));
    expect(story.steps.at(-1)?.state.at(-1)).toMatchObject({ cached: '0 B' });
  });

  test('the faults are those that a reader of the console finds', () => {
    const bytes = new TextEncoder().encode(`${story.console.join('\n')}\n`);
    const read = parseLog(bytes);
    expect(read.kernels).toHaveLength(2);
    expect(story.faults.length).toBeGreaterThan(0);
    expect(read.faults).toMatchObject(
      story.faults.map(({ line, kernel, type, access, bdf, address, reason, status }) => ({
        line,
        kernel,
        type,
        access,
        bdf,
        address,
        reason,
        status,
      })),
    );
  });
});

describe("tables copied, the old domain's caches flushed on map", () => {
  const story = runStory(SCENARIO, 'copy-tables-flush');

  test('no fault is printed and the dump is saved', () => {
    expect(story.outcome).toBe('dump saved');
    expect(story.faults).toEqual([]);
    expect(story.console.filter((line) => /fault|timed out|failed/.test(line))).toEqual([]);
    expect(story.console.at(-1)).toBe('kdump: saving vmcore complete');
  });

  test('both invalidations carry the old domain and hit something', () => {
    const [deciding] = story.steps.filter((step) => step.deciding);
    const invalidations = deciding.events.filter((event) => event.kind === 'invalidation');
    expect(invalidations).toMatchObject([
      { cache: 'context cache', requested: 'device', actual: 'device', removed: 1 },
      { cache: 'IOTLB', requested: 'domain', actual: 'domain' },
    ]);
    expect(invalidations[1]).toHaveProperty('removed', expect.any(Number));
    expect((invalidations[1] as { removed: number }).removed).toBeGreaterThan(0);
  });

  test('up to the context mapping both strategies tell the same story', () => {
    const other = runStory(SCENARIO, 'copy-tables');
    const at = story.steps.findIndex((step) => step.deciding);
    expect(story.steps.slice(0, at)).toEqual(other.steps.slice(0, at));
  });
});

/** A strategy that invalidates in its own way before the context entry is replaced. */
function flushing(how: (kernel: TakeOver, id: number, oldDomain: number) => void): Strategy {
  return {
    ...copyTables,
    id: 'test',
    takeOver: copyAndSwitch,
    beforeContextMapping(kernel, id) {
      const old = kernel.driver.copiedContext(id);
      kernel.stage.step({ lane: 'iommu', title: 'test', text: 'test' }, () => {
        if (old) how(kernel, id, domainOf(old));
      });
    },
  };
}

describe('what would change the outcome, as the verdict says', () => {
  test.each<readonly [string, string, Strategy]>([
    [
      'the whole context cache',
      'dump saved',
      flushing(({ driver }) => driver.flushContextGlobal()),
    ],
    [
      'only the IOTLB',
      'device lost',
      flushing(({ driver }, _id, domain) => driver.flushIotlbDomain(domain)),
    ],
    [
      "the new domain's identifier",
      'device lost',
      flushing(({ driver }, id, domain) => {
        driver.flushContextDevice(id, domain + 1);
        driver.flushIotlbDomain(domain + 1);
      }),
    ],
    [
      'only the context entry',
      'dump saved',
      flushing(({ driver }, id, domain) => driver.flushContextDevice(id, domain)),
    ],
  ])('flushing %s: %s', (_what, outcome, strategy) => {
    expect(scenarioOf(SCENARIO).play(strategy, 1).story.outcome).toBe(outcome);
  });
});

describe('seeds', () => {
  const seed = fc.integer({ min: 0, max: 0xffff_ffff });

  test('the same seed gives the same story', () => {
    fc.assert(
      fc.property(seed, fc.constantFrom('copy-tables', 'copy-tables-flush'), (value, strategy) => {
        expect(runStory(SCENARIO, strategy, value)).toEqual(runStory(SCENARIO, strategy, value));
      }),
      { numRuns: 10 },
    );
  });

  test("every seed ends alike, and the first fault is the thread's", () => {
    fc.assert(
      fc.property(seed, (value) => {
        const failed = runStory(SCENARIO, 'copy-tables', value);
        expect(failed.outcome).toBe('device lost');
        expect(failed.console).toContain(THREAD[11]);
        expect(failed.faults[0]).toMatchObject({ reason: 6, address: 0xffff_f000n });
        expect(runStory(SCENARIO, 'copy-tables-flush', value)).toMatchObject({
          outcome: 'dump saved',
          faults: [],
        });
      }),
      { numRuns: 40 },
    );
  });

  test('seeds differ in what they may differ in', () => {
    const tables = [1, 2, 3, 4].map((value) => {
      const story = runStory(SCENARIO, 'copy-tables', value);
      return story.steps.at(-1)?.state.find((row) => row.what === 'Top page table')?.memory;
    });
    expect(new Set(tables).size).toBeGreaterThan(1);
  });
});
