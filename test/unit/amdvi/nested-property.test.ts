/** Random guest tables over random host tables: the walk of any address agrees with the leaf list. */
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { amdUnit } from '../../../core/amdvi/unit.ts';
import { dte, dteAddress, facts, host, ID, leavesOf, PageMemory, sized } from './tables.ts';

/** Guest physical 0x30000 to 0x37000 holds the guest's tables, one to one unless the host says otherwise. */
const GUEST = 0x30000;
const HOST = 0x60000;
const RIGHTS = [0n, 1n, 2n, 3n, 3n, 3n].map((bits) => bits << 61n);

const table = fc.integer({ min: 0, max: 7 });
const index = fc.constantFrom(0, 1, 2, 3, 511);
/** P always, U/S always; R/W and PS as they come; PS only where its page is aligned to itself. */
const guestEntry = fc
  .tuple(table, fc.boolean(), fc.boolean(), fc.integer({ min: 0, max: 3 }))
  .map(([to, write, large, frame]) => ({
    pointer: BigInt(GUEST + 0x1000 * to) | 5n | (write ? 2n : 0n),
    page: BigInt(frame) | (write ? 2n : 0n),
    large,
  }));
const hostEntry = fc.oneof(
  { weight: 1, arbitrary: fc.constant(0n) },
  {
    weight: 5,
    arbitrary: fc
      .tuple(fc.integer({ min: 0, max: 0x3f }), fc.constantFrom(...RIGHTS))
      .map(([frame, rights]) => host(0x1000 * frame, 0, rights)),
  },
  {
    weight: 2,
    arbitrary: fc
      .tuple(fc.integer({ min: 12, max: 22 }), fc.constantFrom(...RIGHTS))
      .map(([bits, rights]) => sized(0x40_0000 >> (bits & 1), 1n << BigInt(bits), rights)),
  },
  { weight: 1, arbitrary: fc.constantFrom(2, 3, 6).map((next) => host(HOST, next)) },
);

test('nested: walks and leaves agree', () => {
  let translated = 0;
  fc.assert(
    fc.property(
      fc.array(fc.tuple(table, index, guestEntry), { maxLength: 24 }),
      fc.array(fc.tuple(fc.integer({ min: 0, max: 0x3f }), hostEntry), { maxLength: 12 }),
      fc.array(fc.tuple(index, index, index, index), { minLength: 8, maxLength: 8 }),
      fc.constantFrom('read', 'write'),
      (guest, changes, addresses, access) => {
        const memory = new PageMemory();
        for (let frame = 0; frame < 512; frame++)
          memory.put(HOST + 0x1000 + 8 * frame, host(0x1000 * frame));
        memory.put(HOST, host(HOST + 0x1000, 1), host(0));
        for (const [frame, entry] of changes) memory.put(HOST + 0x1000 + 8 * frame, entry);
        // The tables of levels 4 to 1 are pairs: a table of one level is never one of another.
        const below = (level: number, pointer: bigint): bigint =>
          (pointer & ~0x6000n) | BigInt((level - 2) << 13);
        memory.put(GUEST - 0x1000, BigInt(GUEST + (3 << 13)) | 1n);
        for (let level = 4; level > 1; level--)
          memory.put(GUEST + ((level - 1) << 13), below(level, BigInt(GUEST) | 7n));
        memory.put(GUEST, 0x5007n);
        for (const [to, at, { pointer, page, large }] of guest) {
          const level = (to >> 1) + 1;
          const own = 1n << BigInt(12 + 9 * (level - 1));
          const leaf = level === 1 || (large && level < 4);
          memory.put(
            GUEST + 0x1000 * to + 8 * at,
            leaf
              ? (page & 2n) | ((page & 1n) * own) | (level > 1 ? 0x85n : 5n)
              : below(level, pointer),
          );
        }
        memory.put(
          dteAddress(ID),
          ...dte({
            Mode: 2,
            HostPageTableRoot: HOST >> 12,
            GV: 1,
            GIoV: 1,
            GCR3TableRoot: (GUEST - 0x1000) >> 12,
            DomainID: 1,
          }),
        );
        const unit = amdUnit(facts(), memory);
        const swept = leavesOf(unit);
        // The walk refuses reserved bits; the sweep lists the leaf, with a finding.
        fc.pre(!swept.result.findings.some(({ id }) => id === 'reserved-bits'));
        const leaves = swept.lines.map((line) => {
          const [iova, pa, size, rights] = line.split(' ');
          const hex = (text: string): bigint => BigInt(`0x${text}`);
          return { iova: hex(iova), pa: hex(pa), size: hex(size), rights };
        });
        const asked = addresses.map(
          ([l4, l3, l2, l1]) => BigInt((l2 << 9) | l1 | (l3 << 18)) * 0x1000n + (BigInt(l4) << 39n),
        );
        for (const { iova, size } of leaves.slice(0, 12))
          asked.push(iova, iova + size - 1n, iova + size);
        for (const low of asked) {
          const upper = low >> 47n === 1n;
          const address = upper ? low | 0xffff_0000_0000_0000n : low;
          const found = unit.walk({ id: ID, pasid: undefined, address, access: access as 'read' });
          const leaf = leaves.find(({ iova, size }) => iova <= low && low < iova + size);
          const allowed = leaf?.rights.includes(access === 'read' ? 'r' : 'w') ?? false;
          expect([found.result, address]).toEqual([allowed ? 'translated' : 'fault', address]);
          if (found.result !== 'translated') continue;
          translated++;
          expect(found.pa).toBe(leaf!.pa + low - leaf!.iova);
        }
      },
    ),
    { numRuns: 120 },
  );
  expect(translated).toBeGreaterThan(100);
});
