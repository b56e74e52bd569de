import { describe, expect, test } from 'vitest';
import { scanSteps, type ScanOptions, type ScanResult } from '../../../core/explain/scan/scan.ts';
import type { Candidate } from '../../../core/explain/scan/candidate.ts';
import { decodeDmar, type DmarTable } from '../../../core/acpi/dmar.ts';
import { DMAR_STRUCTURES } from '../../../core/acpi/dmar-layouts.ts';
import type { FoundFirmware } from '../../../core/explain/scan/units.ts';
import type { PhysicalMemory } from '../../../core/memory/physical.ts';
import { finish } from '../../../core/memory/steps.ts';
import { structure, table } from '../acpi/build.ts';
import * as amd from '../amdvi/tables.ts';
import { CONTEXTS, PageMemory, ROOT, addDevice, intelState, storyOf } from './state.ts';

const scanTables = (memory: PhysicalMemory, options?: ScanOptions): ScanResult =>
  finish(scanSteps(memory, options));

const END = 0x1000;

/** A memory with a root table of six devices, in 16 MiB. */
function machine(): PageMemory {
  const memory = new PageMemory(END);
  memory.put(ROOT, BigInt(CONTEXTS) | 1n, 0n);
  for (let slot = 1; slot <= 6; slot++)
    addDevice(memory, slot << 3, 0x10_0000 + 0x1_0000 * slot, [
      [0x1000n, 0x80_0003n],
      [0x2000n, 0x81_0003n],
    ]);
  return memory;
}

const best = (memory: PageMemory, kind: RegExp): Candidate | undefined =>
  scanTables(memory).candidates.find((each) => kind.test(each.kind));

describe('VT-d tables', () => {
  test('a root table is found, with its devices and page tables', () => {
    const found = best(machine(), /^root-table/)!;
    expect(found.address).toBe(BigInt(ROOT));
    expect(found.score).toBeGreaterThan(0.9);
    expect(found.devices.map(({ bdf, domain, tables }) => [bdf, domain, tables])).toEqual(
      [1, 2, 3, 4, 5, 6].map((slot) => [`00:0${slot}.0`, slot << 3, 'sound']),
    );
    const { candidates } = scanTables(machine());
    expect(candidates.filter(({ kind }) => kind === 'second-stage-table')).toHaveLength(6);
    expect(candidates.filter(({ kind }) => kind === 'context-table')).toMatchObject([
      { address: BigInt(CONTEXTS), parent: BigInt(ROOT) },
    ]);
  });

  /** One change each that leaves something that is no table in use. */
  const NEAR: readonly (readonly [string, (memory: PageMemory) => void])[] = [
    ['a reserved bit in the root entry', (memory) => void memory.put(ROOT, BigInt(CONTEXTS) | 3n)],
    ['a word in the upper half', (memory) => void memory.put(ROOT + 8, 0x1234n)],
    ['an entry that is no pointer', (memory) => void memory.put(ROOT + 16, 0xdead_beefn)],
    ['contexts with a reserved type', (memory) => void memory.put(CONTEXTS, 0xdn, 1n)],
    ['a context without a width', (memory) => void memory.put(CONTEXTS, 0x1001n, 0n)],
    ['a context page that is missing', (memory) => memory.forget(CONTEXTS, 'excluded')],
  ];
  test.each(NEAR)('%s: no root table above 0.9', (_name, change) => {
    const memory = machine();
    change(memory);
    const found = best(memory, /root-table/);
    expect(found?.score ?? 0).toBeLessThan(0.9);
  });

  test('page tables of arbitrary content cost belief', () => {
    const memory = machine();
    for (let slot = 1; slot <= 6; slot++)
      for (let word = 0; word < 64; word++)
        memory.put(0x10_0000 + 0x1_0000 * slot + 8 * word, 0x1234_5678_9abc_def4n);
    expect(best(memory, /^root-table/)?.score ?? 0).toBeLessThan(0.2);
  });

  test('one domain ID with several tables costs belief', () => {
    const score = (domain: (slot: number) => number): number => {
      const memory = machine();
      for (let slot = 1; slot <= 6; slot++)
        addDevice(memory, slot << 3, 0x10_0000 + 0x1_0000 * slot, [], { DID: domain(slot) });
      return best(memory, /^root-table/)?.score ?? 0;
    };
    expect(score(() => 7)).toBeLessThan(score((slot) => slot));
  });

  test('a page that points to itself is no root table', () => {
    const memory = new PageMemory(END);
    memory.put(0x5000, 0x5001n, 0n);
    expect(scanTables(memory).candidates).toEqual([]);
  });

  test('scalable mode is told from legacy mode by what follows', () => {
    const memory = new PageMemory(END);
    memory.put(ROOT, 0x3001n, 0n);
    for (let slot = 1; slot <= 5; slot++) {
      memory.put(0x3000 + 32 * (slot << 3), BigInt(0x10000 + 0x4000 * slot) | 1n, 0n, 0n, 0n);
      memory.put(0x10000 + 0x4000 * slot, BigInt(0x11000 + 0x4000 * slot) | 1n);
      memory.put(0x11000 + 0x4000 * slot, 0x41n, BigInt(slot), BigInt(0x12000 + 0x4000 * slot), 0n);
      memory.put(0x12000 + 0x4000 * slot, BigInt(0x13000 + 0x4000 * slot) | 7n);
    }
    const { candidates } = scanTables(memory);
    expect(candidates.filter(({ kind }) => /root/.test(kind))).toMatchObject([
      { kind: 'scalable-root-table', address: BigInt(ROOT) },
    ]);
    expect(candidates[0].score).toBeGreaterThan(0.9);
    expect(best(memory, /root/)!.devices[0]).toMatchObject({
      bdf: '00:01.0',
      translation: 'first-stage',
      domain: 1,
      tables: 'sound',
    });
  });

  test('an interrupt table by its entries; a few stray ones are not believed', () => {
    const entry = (memory: PageMemory, at: number, index: number, vector: number, type = 1n) =>
      memory.put(
        at + 16 * index,
        1n | (BigInt(vector) << 16n) | (BigInt(index & 3) << 40n),
        BigInt(index << 3) | (type << 18n),
      );
    const score = (fill: (memory: PageMemory) => void): number => {
      const memory = new PageMemory(END);
      fill(memory);
      return best(memory, /interrupt/)?.score ?? 0;
    };
    const many = (memory: PageMemory): void => {
      for (let index = 0; index < 16; index++) entry(memory, 0x20_0000, index, 0x30 + index);
    };
    expect(score(many)).toBeGreaterThan(0.9);
    expect(score((memory) => void entry(memory, 0x20_0000, 0, 0x30))).toBeLessThan(0.9);
    expect(
      score((memory) => {
        for (let index = 0; index < 16; index++) entry(memory, 0x20_0000, index, 0x30, 0n);
      }),
    ).toBeLessThan(0.9);
    expect(
      score((memory) => {
        many(memory);
        memory.put(0x20_0000 + 16 * 40, 0x0008_0001n, 0n);
      }),
    ).toBe(0);
  });
});

describe('AMD-Vi tables', () => {
  const filled = (mask = 0n): PageMemory => {
    const memory = new PageMemory(END);
    for (let id = 0; id < 128; id++) memory.put(0x5000 + 32 * id, 3n, 0n, 1n, 0n);
    for (let slot = 1; slot <= 5; slot++) {
      const root = BigInt(0x20000 + 0x2000 * slot);
      const words = amd.dte({
        Mode: 2,
        HostPageTableRoot: (root | mask) >> 12n,
        DomainID: slot,
        IV: 1,
        IntCtl: 2,
        IntTabLen: 9,
        IntTabRoot: (BigInt(0x80000 + 0x2000 * slot) | mask) >> 6n,
      });
      memory.put(0x5000 + 32 * (slot << 3), ...words);
      memory.put(root, amd.host((root + 0x1000n) | mask, 1));
      memory.put(root + 0x1000n, amd.host(0x80_0000n | mask));
      memory.put(0x80000 + 0x2000 * slot, 0x141n, 0x30n);
    }
    return memory;
  };

  test('a device table and what it points to', () => {
    const { candidates } = scanTables(filled());
    const [table] = candidates.filter(({ kind }) => kind === 'device-table');
    expect(table).toMatchObject({ address: 0x5000n, entries: 128 });
    expect(table.score).toBeGreaterThan(0.9);
    expect(
      candidates.filter(({ kind, score }) => kind === 'interrupt-table' && score > 0.9),
    ).toHaveLength(5);
    expect(candidates.find(({ kind }) => kind === 'interrupt-table')).toMatchObject({
      format: 128,
    });
  });

  test('pointers with the encryption bit', () => {
    const [table] = scanTables(filled(1n << 47n)).candidates.filter(
      ({ kind }) => kind === 'device-table',
    );
    expect(table.score).toBeGreaterThan(0.9);
    expect(table.why.join()).toContain('encryption bit 0x800000000000');
    expect(table.devices[0].pageTable).toBe(0x22000n);
  });

  test('a reserved bit in any entry: no device table there', () => {
    const memory = filled();
    memory.put(0x5000 + 32 * 100, 7n);
    expect(best(memory, /device-table/)).toBeUndefined();
  });
});

test('devices that a log names speak for a table', () => {
  const { memory } = intelState();
  const story = storyOf(
    '[    1.0] DMAR: Setting identity map for device 0000:00:02.0 [0xe8000 - 0xe8fff]\n',
  );
  const without = scanTables(memory).candidates.find(({ kind }) => kind === 'root-table')!;
  const withLog = scanTables(memory, { story }).candidates.find(
    ({ kind }) => kind === 'root-table',
  )!;
  expect(withLog.score).toBeGreaterThanOrEqual(without.score);
});

describe('which unit a found table serves', () => {
  const ROOT_B = 0x3000;
  const CONTEXTS_B = 0x4000;
  /** A second root table: devices of bus 1. */
  function two(): PageMemory {
    const memory = machine();
    memory.put(ROOT_B + 16, BigInt(CONTEXTS_B) | 1n, 0n);
    for (let slot = 1; slot <= 6; slot++) {
      const top = 0x20_0000 + 0x1_0000 * slot;
      memory.put(CONTEXTS_B + 16 * (slot << 3), BigInt(top) | 1n, (BigInt(slot) << 8n) | 1n);
      memory.put(top, BigInt(top + 0x1000) | 3n);
      memory.put(top + 0x1000, BigInt(top + 0x2000) | 3n);
      memory.put(top + 0x2000, 0x90_0003n);
    }
    return memory;
  }
  /** A DMAR with a unit that names these functions of bus 1 and a unit for the rest. */
  const dmarOf = (slots: readonly number[], rest = true): DmarTable =>
    decodeDmar(
      table(
        'DMAR',
        Uint8Array.of(38, 1, ...new Uint8Array(10)),
        drhd(0xfed9_0000n, false, ...slots.map((slot) => Uint8Array.of(1, 8, 0, 0, 0, 1, slot, 0))),
        drhd(0xfed9_1000n, rest),
      ),
    )!;
  const drhd = (base: bigint, all: boolean, ...scopes: readonly Uint8Array[]): Uint8Array =>
    structure(
      DMAR_STRUCTURES.get(0)!,
      { 'Register Base Address': base, ...(all ? { INCLUDE_PCI_ALL: 1 } : {}) },
      ...scopes,
    );
  const served = (firmware: FoundFirmware): Record<string, readonly string[]> =>
    Object.fromEntries(
      scanTables(two(), { firmware })
        .candidates.filter(({ kind }) => kind === 'root-table')
        .map(({ address, units, why }) => [
          `0x${address.toString(16)}`,
          [...(units ?? []).map(({ name }) => name), why.at(-1)!],
        ]),
    );

  test('the DMAR names the devices of one unit, the other has the rest', () => {
    const found = served({ dmar: dmarOf([1, 2, 3, 4, 5, 6]) });
    expect(found['0x3000'][0]).toBe('dmar0');
    expect(found['0x3000'].at(-1)).toMatch(/it serves dmar0 at 0xfed90000: the DMAR names 01:01.0/);
    expect(found['0x1000'][0]).toBe('dmar1');
    expect(found['0x1000'].at(-1)).toMatch(/none of its devices is another unit's/);
  });

  test('a table with devices of both, and one that nobody has, are doubted', () => {
    const mixed = served({ dmar: dmarOf([1, 2, 3]) });
    expect(mixed['0x3000']).toHaveLength(1);
    expect(mixed['0x3000'][0]).toMatch(/no unit has all of its devices/);
    const nobody = served({ dmar: dmarOf([1, 2, 3, 4, 5, 6], false) });
    expect(nobody['0x1000'][0]).toMatch(/no unit has all of its devices/);
  });

  test('belief grows with devices that the firmware names, and falls where they contradict', () => {
    const score = (dmar: DmarTable | undefined): number =>
      scanTables(two(), { firmware: { dmar } }).candidates.find(
        ({ address }) => address === BigInt(ROOT_B),
      )!.score;
    const bare = score(undefined);
    expect(score(dmarOf([1, 2, 3, 4, 5, 6]))).toBeGreaterThan(bare);
    expect(score(dmarOf([1, 2, 3]))).toBeLessThan(bare);
  });

  test('a log that names two units and not their devices decides nothing', () => {
    const line = (name: string, base: string): string =>
      `[    0.01] DMAR: ${name}: reg_base_addr ${base} ver 1:0 cap d2008c22260206 ecap f00f4a\n`;
    const only = scanTables(two(), {
      story: storyOf(line('dmar0', 'fed90000') + line('dmar1', 'fed91000')),
    }).candidates.filter(({ kind }) => kind === 'root-table');
    expect(only.length).toBeGreaterThan(0);
    for (const { why, units } of only) {
      expect(units).toBeUndefined();
      expect(why.join()).toMatch(/it may serve dmar0 or dmar1/);
    }
  });

  test('an interrupt table belongs to the unit whose devices its entries check', () => {
    const memory = two();
    for (let index = 0; index < 16; index++)
      memory.put(
        0x40_0000 + 16 * index,
        1n | (BigInt(0x30 + index) << 16n),
        BigInt(0x108 + ((index % 6) << 3)) | (1n << 18n),
      );
    const { candidates } = scanTables(memory, {
      firmware: { dmar: dmarOf([1, 2, 3, 4, 5, 6]) },
    });
    expect(candidates.find(({ kind }) => kind === 'interrupt-table')?.units?.[0].name).toBe(
      'dmar0',
    );
  });
});

test('a scan can be stopped', () => {
  const controller = new AbortController();
  controller.abort();
  expect(scanTables(new PageMemory(0x10000), { signal: controller.signal })).toMatchObject({
    interrupted: true,
  });
});
