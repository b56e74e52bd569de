/**
 * The simulated VT-d unit against QEMU's: seeded sequences of table edits, register-based
 * invalidations and DMA end alike in both, fault reasons included.
 *
 * What is cached may differ between two units that both follow the specification, so a DMA is
 * compared only where the specification decides it: after the invalidation that an edit requires,
 * or where the edit requires none. Other DMA is done too, unseen, to fill the caches with what
 * the next invalidation must remove.
 *
 * FAULTLINE_CASES sets the number of sequences (default 300), FAULTLINE_SEED the first seed.
 *
 * Three rules of QEMU are excepted, and counted: a request that its IOTLB answers without the
 * right it needs is refused, and no fault is recorded (rights are looked at on a walk only);
 * the address of a pass-through request is not held against the host address width; and reserved
 * bits of a context entry are recorded although FPD is set.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { contextEntry } from '../../core/machine/tables.ts';
import type { DomainTables } from '../../core/machine/tables.ts';
import { CCMD, RTADDR } from '../../core/vtd/registers-global.ts';
import { FAULT_EVENT, FSTS } from '../../core/vtd/registers-faults.ts';
import { Bench, COMPARED } from './machine-bench.ts';
import { qemuVersion } from './qtest/connection.ts';
import { VtdMachine } from './qtest/vtd.ts';
import { Random } from './random.ts';
import { Met, Sequence, TARGETS_FROM } from './machine-sequence.ts';

const SEQUENCES = Number(process.env.FAULTLINE_CASES ?? 300);
const SEED = Number(process.env.FAULTLINE_SEED ?? 1);

const version = qemuVersion();
if (!version) console.log('machine against QEMU: skipped, qemu-system-x86_64 is not installed');

const met = new Met();

describe.skipIf(!version)('the simulated unit against QEMU', () => {
  const machines = [39, 48] as const;
  const running = new Map<number, VtdMachine>();

  beforeAll(async () => {
    for (const width of machines)
      running.set(
        width,
        await VtdMachine.start({ iommu: `intel-iommu,intremap=off,aw-bits=${width}` }),
      );
  });
  afterAll(async () => {
    for (const machine of running.values()) await machine.close();
    if (version) console.log(met.line());
  });

  test.each(machines)('sequences of edits, invalidations and DMA, %i bits', async (width) => {
    const qemu = running.get(width)!;
    const half = Math.ceil(SEQUENCES / machines.length);
    for (let seed = SEED; seed < SEED + half; seed++) {
      const bench = await Bench.make(qemu, width, seed);
      const difference = await new Sequence(bench, seed * 2 + (width === 48 ? 1 : 0), met).play();
      expect(difference, `seed ${seed}`).toBeUndefined();
    }
  });

  test('the sequences met what they were meant to meet', () => {
    expect(met.compared).toBeGreaterThan(SEQUENCES * 6);
    for (const reason of [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12])
      expect(met.outcomes.get(`reason ${reason}`) ?? 0, `reason ${reason}`).toBeGreaterThan(0);
  });

  test.each([
    ['forgotten: the cached entry leads to the old tables', false, 'reason 6'],
    ['done, under the old domain: the new tables are used', true, 'reached'],
  ])('a replaced context entry, its invalidation %s', async (_what, flushed, outcome) => {
    const bench = await Bench.make(running.get(48)!, 48, SEED);
    const [old, fresh] = [bench.domain(7), bench.domain(10)];
    const attach = (domain: number, tables: DomainTables): void =>
      bench.root.setContext(
        bench.device,
        contextEntry({ translation: 'second-stage', domain, tables }),
      );
    old.map(0xffff_0000n, TARGETS_FROM, 3);
    fresh.map(0xffff_f000n, TARGETS_FROM + 0x1000n, 3);
    attach(7, old);
    bench.enable(true);
    bench.setRoot(bench.root.root);
    const before = await bench.dma(0xffff_0000n, 'write');
    attach(10, fresh);
    if (flushed) {
      bench.write(CCMD, { ICC: 1, CIRG: 3, SID: bench.device, DID: 7 });
      bench.write(bench.iotlb, { IVT: 1, IIRG: 2, DID: 7 });
    }
    const after = await bench.dma(0xffff_f000n, 'read');
    expect([before.difference, after.difference]).toEqual([undefined, undefined]);
    expect(before.outcome).toContain('reached');
    expect(after.outcome).toContain(outcome);
  });

  test('registers read alike after random writes', async () => {
    const bench = await Bench.make(running.get(48)!, 48, SEED);
    const random = new Random(SEED);
    const [FECTL, FEDATA, FEADDR, FEUADDR] = FAULT_EVENT;
    for (const register of [RTADDR, FEDATA, FEADDR, FEUADDR]) bench.write(register, {});
    bench.write(FECTL, { IM: 1 });
    bench.setRoot(0n);
    for (let round = 0; round < 40; round++) {
      const register = random.pick([RTADDR, FECTL, FEDATA, FEADDR, FEUADDR, FSTS]);
      const low = random.bits(32);
      bench.writeRaw(register.offset, 32, register === RTADDR ? low & ~0xfffn : low);
      for (const each of COMPARED) {
        const { simulated, qemu } = await bench.read(each);
        expect(simulated, `${each.name} after ${register.name}`).toBe(qemu);
      }
    }
  });
});
