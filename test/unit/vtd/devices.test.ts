/** Devices of a unit, one row for each context or PASID table entry. */
import { describe, expect, test } from 'vitest';
import { encode } from '../../../core/bits/layout.ts';
import { CONTEXT_ENTRY } from '../../../core/vtd/tables.ts';
import { Bench, CONTEXTS, DIRECTORY, LEVEL, PASIDS, ROOT } from './bench-unit.ts';

const legacy = (): Bench => new Bench().legacy().chain(4, 3n).put(LEVEL[1], 0x20_0003n);

describe('devices in legacy mode', () => {
  test.each([
    [0, 'second-stage', LEVEL[4]],
    [1, 'second-stage+device-tlb', LEVEL[4]],
    [2, 'pass-through', undefined],
    [3, 'reserved', undefined],
  ])('TT %d is %s', (TT, translation, pageTable) => {
    const { devices } = new Bench().legacy({ TT }).unit().devices();
    expect(devices).toMatchObject([
      { id: 0x200, bdf: '02:00.0', pasid: undefined, translation, domain: 10, levels: 4 },
    ]);
    expect(devices[0].pageTable).toBe(pageTable);
    expect(devices[0].entry).toMatchObject({
      path: 'dmar0/02:00.0/context',
      address: CONTEXTS,
      layout: CONTEXT_ENTRY,
    });
  });

  test('in order of requester, absent entries left out', () => {
    const bench = legacy();
    const entry = encode(CONTEXT_ENTRY, { P: 1, AW: 2, DID: 3 });
    bench.put(CONTEXTS + 16n * 0xffn, ...entry).put(CONTEXTS + 16n * 8n, ...entry);
    bench.put(CONTEXTS + 16n * 9n, 0x5000n, 0x301n);
    expect(
      bench
        .unit()
        .devices()
        .devices.map(({ bdf }) => bdf),
    ).toEqual(['02:00.0', '02:01.0', '02:1f.7']);
  });

  test('a segment other than 0 stands in the BDF and in the path', () => {
    const bench = legacy();
    bench.facts = { ...bench.facts, segment: 1 };
    expect(bench.unit().devices().devices[0]).toMatchObject({
      bdf: '0001:02:00.0',
      entry: { path: 'dmar0/0001:02:00.0/context' },
    });
    expect(bench.unit().entry('dmar0/0001:02:00.0/context')?.address).toBe(CONTEXTS);
    expect(bench.unit().entry('dmar0/02:00.0/context')).toBeUndefined();
  });

  test.each([
    ['reserved-bits', { 'reserved 71': 1 }],
    ['address-width', { AW: 0 }],
    ['translation-type', { TT: 3 }],
  ])('%s is a finding of the row', (id, values) => {
    const { devices } = new Bench().legacy(values).unit().devices();
    expect(devices[0].findings.map((finding) => finding.id)).toEqual([id]);
  });

  test('a domain with more bits than the unit has', () => {
    const bench = new Bench().legacy({ DID: 0x1000 });
    bench.facts = { ...bench.facts, cap: bench.facts.cap! & ~7n };
    expect(bench.unit().devices().devices[0].findings).toMatchObject([
      { id: 'domain-width', evidence: [{ field: 'DID' }] },
    ]);
  });

  test('a missing root or context table is told with its address', () => {
    const bench = legacy();
    bench.put(ROOT + 16n * 7n, 0x1000_0001n);
    expect(bench.unit().devices().incomplete).toMatchObject([
      { address: 0x1000_0000n, at: 'dmar0/bus.07' },
    ]);
    bench.facts = { ...bench.facts, rootTable: 0x1000_0000n };
    expect(bench.unit().devices()).toMatchObject({
      devices: [],
      incomplete: [{ address: 0x1000_0000n, at: 'dmar0/root' }],
    });
  });

  test('reserved bits of a root entry', () => {
    const bench = legacy().put(ROOT + 32n, CONTEXTS | 0x801n);
    expect(bench.unit().devices().findings).toMatchObject([
      { id: 'reserved-bits', at: 'dmar0/bus.02' },
    ]);
  });

  test('abort DMA mode uses no table; an unknown mode is not guessed', () => {
    const bench = legacy();
    bench.facts = { ...bench.facts, mode: 'abort' };
    expect(bench.unit().devices()).toMatchObject({ devices: [], findings: [{ id: 'abort-mode' }] });
    bench.facts = { ...bench.facts, mode: undefined };
    expect(bench.unit().devices().incomplete).toHaveLength(1);
  });
});

describe('devices in scalable mode', () => {
  test('each PASID table entry is a row', () => {
    const bench = new Bench().scalable({}, { PDTS: 1 });
    bench.pasid(5, { PGTT: 2, AW: 1, SSPTPTR: 0x20n, DID: 9 }).pasid(6, { PGTT: 4 });
    bench.pasid(7, { PGTT: 3, FSPM: 1 }).pasid(8, { PGTT: 6 });
    const { devices, incomplete } = bench.unit().devices();
    expect(incomplete).toEqual([]);
    expect(
      devices.map(({ pasid, translation, levels, pageTable, domain }) => ({
        pasid,
        translation,
        levels,
        pageTable,
        domain,
      })),
    ).toEqual([
      { pasid: 0, translation: 'first-stage', levels: 4, pageTable: LEVEL[4], domain: 7 },
      { pasid: 5, translation: 'second-stage', levels: 3, pageTable: 0x20000n, domain: 9 },
      { pasid: 6, translation: 'pass-through', levels: undefined, pageTable: undefined, domain: 7 },
      { pasid: 7, translation: 'nested', levels: 5, pageTable: LEVEL[4], domain: 7 },
      { pasid: 8, translation: 'reserved', levels: undefined, pageTable: undefined, domain: 7 },
    ]);
    expect(devices[1].entry).toMatchObject({
      path: 'dmar0/02:00.0/pasid.5',
      address: PASIDS + 5n * 64n,
    });
    expect(devices[4].findings).toMatchObject([
      { id: 'pasid-entry', evidence: [{ field: 'PGTT' }] },
    ]);
  });

  test('PASIDs of a second directory page', () => {
    const bench = new Bench().scalable({}, { PDTS: 3 });
    bench.put(DIRECTORY + 0x1000n + 8n, 0x6001n).put(0x6000n + 64n, 0x101n);
    const { devices } = bench.unit().devices();
    expect(devices.map(({ pasid }) => pasid)).toEqual([0, 513 * 64 + 1]);
  });

  test('the directory ends where PDTS says', () => {
    const bench = new Bench().scalable({}, { PDTS: 0 });
    bench.put(DIRECTORY + 8n * 128n, PASIDS | 1n);
    expect(bench.unit().devices().devices).toHaveLength(1);
  });

  test('a hostile directory is cut, and says so', () => {
    const bench = new Bench().scalable({}, { PDTS: 7 });
    // All contexts share one directory whose every entry leads to the same full PASID table.
    for (let at = 0n; at < 16384n; at++) bench.put(DIRECTORY + 8n * at, 0x2_0001n | (1n << 20n));
    for (let at = 0n; at < 64n; at++) bench.put(0x12_0000n + 64n * at, 0x101n);
    const { devices, incomplete } = bench.unit().devices();
    expect(devices.length).toBeLessThanOrEqual(1 << 16);
    expect(incomplete.at(-1)?.text).toMatch(/device list stopped/);
  });
});
