/** The interrupt remapping table of a unit. */
import { describe, expect, test } from 'vitest';
import { encode } from '../../../core/bits/layout.ts';
import { IRTE_POSTED, IRTE_REMAPPED_EXTENDED } from '../../../core/vtd/interrupt-entries.ts';
import { Bench } from './bench-unit.ts';

const IRT = 0x8000n;

describe('interrupts', () => {
  const bench = (extended: boolean | undefined): Bench => {
    const made = new Bench();
    made.facts = { ...made.facts, interrupts: { table: IRT, capacity: 512, extended } };
    made.put(IRT, 0x100_0023_000dn, 0x4_ff00n);
    made.put(IRT + 16n * 300n, 0x1234_5678_0030_0001n, 0n);
    made.put(
      IRT + 16n * 301n,
      ...encode(IRTE_POSTED, { P: 1, IM: 1, VV: 0x41, SID: 0x300, SVT: 1 }),
    );
    return made;
  };

  test('present entries, with source and destination', () => {
    const [table] = bench(false).unit().interrupts(false);
    expect(table).toMatchObject({ table: IRT, capacity: 512, present: 3, incomplete: [] });
    expect(
      table.entries.map(({ index, vector, destination, source, posted, present }) => ({
        index,
        vector,
        destination,
        source,
        posted,
        present,
      })),
    ).toEqual([
      { index: 0, vector: 0x23, destination: 1, source: 'ff:00.0', posted: false, present: true },
      {
        index: 300,
        vector: 0x30,
        destination: 0x56,
        source: undefined,
        posted: false,
        present: true,
      },
      {
        index: 301,
        vector: 0x41,
        destination: undefined,
        source: '03:00.0',
        posted: true,
        present: true,
      },
    ]);
  });

  test('with EIME the destination has 32 bits; without knowing, it is unknown', () => {
    const extended = bench(true).unit().interrupts(false)[0].entries[1];
    expect(extended).toMatchObject({
      destination: 0x1234_5678,
      entry: { layout: IRTE_REMAPPED_EXTENDED },
    });
    const unknown = bench(undefined).unit().interrupts(false)[0].entries[1];
    expect(unknown.destination).toBeUndefined();
  });

  test('all of them, and those of a page that is missing named', () => {
    expect(bench(false).unit().interrupts(true)[0].entries).toHaveLength(512);
    const made = bench(false);
    made.facts = {
      ...made.facts,
      interrupts: { table: (64n << 20n) - 0x1000n, capacity: 512, extended: false },
    };
    const [table] = made.unit().interrupts(true);
    expect(table.entries).toHaveLength(256);
    expect(table.incomplete).toMatchObject([{ address: 64n << 20n, at: 'dmar0/irq' }]);
  });

  test('no table, no row', () => {
    expect(new Bench().unit().interrupts(true)).toEqual([]);
  });
});
