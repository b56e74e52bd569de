/** The sweep against a second, simple walker, on random tables. */
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { host, ID, leavesOf, PageMemory, sized } from './tables.ts';
import { LOW, unitOf, twoLevels } from './sweep-scene.ts';

/** A second walker, as small as can be: what the sweep is compared with. */
function reference(memory: PageMemory, table: bigint, level: number, rights: number): string[] {
  const lines: [bigint, string][] = [];
  const visit = (
    at: bigint,
    depth: number,
    base: bigint,
    allowed: number,
    above: bigint[],
  ): void => {
    if (above.includes(at)) return;
    const page = memory.page(Number(at >> 12n));
    if (typeof page === 'string') return;
    const view = new DataView(page.buffer, page.byteOffset);
    for (let index = 0; index < 512; index++) {
      const entry = view.getBigUint64(8 * index, true);
      if ((entry & 1n) === 0n) continue;
      const own = 12n + 9n * BigInt(depth - 1);
      const iova = base | (BigInt(index) << own);
      const granted = allowed & Number((entry >> 61n) & 3n);
      const target = entry & 0xf_ffff_ffff_f000n;
      const next = Number((entry >> 9n) & 7n);
      const line = (size: bigint): void => {
        const text = ['', 'r', 'w', 'rw'][granted];
        const pa = target & ~(size - 1n);
        if (granted)
          lines.push([
            iova,
            `${iova.toString(16)} ${pa.toString(16)} ${size.toString(16)} ${text}`,
          ]);
      };
      if (next === 0) line(1n << own);
      else if (next === 7) {
        let size = 0x1000n;
        while (target & size) size <<= 1n;
        size <<= 1n;
        if (size > 1n << own && size < 1n << (own + 9n) && iova % size === 0n) line(size);
      } else if (next < depth) visit(target, next, iova, granted, [...above, at]);
    }
  };
  visit(table, level, 0n, rights, []);
  return lines.map(([, text]) => text);
}

/** Random tables: few pages, entries that point to each other, pages of all sizes. */
const entry = fc.oneof(
  { weight: 3, arbitrary: fc.constant(0n) },
  {
    weight: 4,
    arbitrary: fc
      .tuple(
        fc.integer({ min: 0, max: 7 }),
        fc.integer({ min: 0, max: 7 }),
        fc.integer({ min: 0, max: 3 }),
      )
      .map(([page, next, rights]) => host(0x20000 + 0x1000 * page, next, BigInt(rights) << 61n)),
  },
  {
    weight: 2,
    arbitrary: fc
      .tuple(fc.integer({ min: 13, max: 34 }), fc.bigInt(0n, 0xffffffn))
      .map(([bits, frame]) =>
        sized((frame << 12n) & ~((1n << BigInt(bits)) - 1n), 1n << BigInt(bits)),
      ),
  },
  { weight: 1, arbitrary: fc.bigInt(0n, (1n << 64n) - 1n) },
);

test('on random tables the sweep finds what a second, simple walker finds', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 4 }),
      fc.array(fc.tuple(fc.integer({ min: 0, max: 7 }), fc.integer({ min: 0, max: 511 }), entry), {
        maxLength: 40,
      }),
      fc.integer({ min: 0, max: 3 }),
      (mode, entries, rights) => {
        const memory = new PageMemory();
        for (const [page, index, value] of entries)
          memory.put(0x20000 + 0x1000 * page + 8 * index, value);
        const unit = unitOf(memory, {
          Mode: mode,
          HostPageTableRoot: 0x20,
          IR: rights & 1,
          IW: rights >> 1,
        });
        expect(leavesOf(unit).lines).toEqual(reference(memory, 0x20000n, mode, rights));
      },
    ),
    { numRuns: 400 },
  );
});

test('a walk of any address agrees with the leaf list', () => {
  fc.assert(
    fc.property(
      fc.array(
        fc.tuple(
          fc.integer({ min: 0, max: 511 }),
          fc.bigInt(0n, 0xffffn),
          fc.integer({ min: 0, max: 3 }),
        ),
        {
          maxLength: 30,
        },
      ),
      fc.bigInt(0n, (1n << 22n) - 1n),
      fc.constantFrom('read', 'write'),
      (entries, address, access) => {
        const memory = twoLevels();
        for (const [index, frame, rights] of entries)
          memory.put(LOW + 8 * index, host(frame << 12n, 0, BigInt(rights) << 61n));
        const unit = unitOf(memory);
        const found = unit.walk({ id: ID, pasid: undefined, address, access: access as 'read' });
        const frame = (address >> 12n).toString(16);
        const line = leavesOf(unit).lines.find(
          (each) => each.split(' ')[0] === (frame === '0' ? '0' : `${frame}000`),
        );
        const allowed = line?.split(' ')[3].includes(access === 'read' ? 'r' : 'w') ?? false;
        expect(found.result).toBe(allowed ? 'translated' : 'fault');
        if (found.result === 'translated')
          expect((found.pa & ~0xfffn).toString(16)).toBe(line?.split(' ')[1]);
      },
    ),
    { numRuns: 200 },
  );
});
