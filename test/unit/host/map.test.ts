import { createHash } from 'node:crypto';
import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parseHex } from '../../../core/format/hex.ts';
import type { EngineClient } from '../../../core/protocol/client.ts';
import { directEngine, type Engine } from '../../../electron/host/engine.ts';
import { captureJson, capturePath } from '../../support/captures.ts';

/**
 * The reverse and the address map of real tables: those of the moment before the panic
 * (test/fixtures/captures/intel-6.1), held against what QEMU's own tables said.
 */
interface TruthDevice {
  readonly bdf: string;
  readonly leaves?: number;
  readonly mappedBytes?: number;
  readonly leafHash?: string;
}
const truth = captureJson<{ units: { devices: TruthDevice[] }[] }>('intel-6.1', 'truth.before.json')
  .units[0].devices;
const translated = truth.filter(({ leafHash }) => leafHash !== undefined);

interface Leaf {
  readonly bdf: string;
  readonly iova: bigint;
  readonly pa: bigint;
  readonly size: bigint;
  readonly rights: string;
}

const LAST = '0xffffffffffffffff';
let engine: Engine;
let client: EngineClient;
const leaves: Leaf[] = [];

beforeAll(async () => {
  ({ engine, client } = directEngine({
    onBug: (error) => {
      throw error;
    },
  }));
  const file = (name: string) => capturePath('intel-6.1', name);
  const paths = [file('tables.before.elf'), file('regs.before.json'), file('console.log')];
  await client.call('session.open', { paths, add: false });
  // The log's faults come while it is read.
  for await (const { all } of client.subscribe('faults.changes', {})) if (all === 3) break;
  for (const { bdf } of translated) {
    let from: string | undefined = '0x0';
    while (from !== undefined) {
      const answer: Awaited<ReturnType<typeof read>> = await read(bdf, from);
      for (const [iova, pa, size, rights] of answer.leaves)
        leaves.push({
          bdf,
          iova: parseHex(iova)!,
          pa: parseHex(pa)!,
          size: parseHex(size)!,
          rights,
        });
      from = answer.next;
    }
  }
});

afterAll(() => engine.dispose());

function read(bdf: string, from: string) {
  return client.call('mappings.read', { unit: 'dmar0', bdf, from, count: 1000 });
}

const plain = (value: bigint): string => value.toString(16);

test.each(translated)('the mappings of $bdf are those of the machine', ({ bdf, leafHash }) => {
  const text = leaves
    .filter((leaf) => leaf.bdf === bdf)
    .map(({ iova, pa, size, rights }) => `${plain(iova)} ${plain(pa)} ${plain(size)} ${rights}\n`);
  expect(createHash('sha256').update(text.join('')).digest('hex')).toBe(leafHash);
});

describe('reverse', () => {
  const reverse = (address: bigint, length: bigint, from = 0, to = 4096) =>
    client.call('reverse', {
      address: `0x${plain(address)}`,
      length: `0x${plain(length)}`,
      from,
      to,
    });

  test('is the brute force over all leaves, for any range', async () => {
    const place = fc.tuple(
      fc.nat(),
      fc.integer({ min: -5000, max: 5000 }),
      fc.integer({ min: 1, max: 20_000 }),
    );
    await fc.assert(
      fc.asyncProperty(place, async ([pick, offset, length]) => {
        const near = leaves[pick % leaves.length].pa + BigInt(offset);
        const start = near < 0n ? 0n : near;
        const end = start + BigInt(length);
        const expected = new Set<string>();
        for (const { bdf, iova, pa, size, rights } of leaves)
          for (let at = pa; at < pa + size; at += 4096n)
            if (at < end && at + 4096n > start)
              expected.add(`${bdf} ${plain(iova + at - pa)} ${rights}`);
        const found = new Set<string>();
        const answer = await reverse(start, BigInt(length));
        for (const { bdf, iova, pa, size, rights, untranslated } of answer.rows) {
          if (untranslated) continue;
          const [first, physical] = [parseHex(iova)!, parseHex(pa)!];
          expect(physical >= start && physical + parseHex(size)! <= end).toBe(true);
          for (let at = first & ~0xfffn; at < first + parseHex(size)!; at += 4096n)
            found.add(`${bdf} ${plain(at)} ${rights}`);
        }
        expect(found).toEqual(expected);
      }),
      { numRuns: 60 },
    );
  });

  test('is listed in windows', async () => {
    const [{ pa }] = leaves;
    const all = await reverse(pa, 0x10_0000n);
    expect(all.total).toBeGreaterThan(1);
    const second = await reverse(pa, 0x10_0000n, 1, 2);
    expect(second).toMatchObject({ total: all.total, from: 1, rows: [all.rows[1]] });
  });

  test('of an address that can not be is refused in words', async () => {
    await expect(reverse(1n << 52n, 1n)).rejects.toMatchObject({ kind: 'usage' });
    await expect(reverse(0n, 0n)).rejects.toMatchObject({ kind: 'usage' });
  });

  test('stops for whoever no longer waits', async () => {
    const abort = new AbortController();
    const asked = client.call(
      'reverse',
      { address: '0x1000', from: 0, to: 1 },
      { signal: abort.signal },
    );
    abort.abort();
    await expect(asked).rejects.toMatchObject({ kind: 'cancelled' });
    expect((await reverse(leaves[0].pa, 1n)).total).toBeGreaterThan(0);
  });
});

describe('the map', () => {
  test('has a strip for every device, with as much mapped as the machine had', async () => {
    const { strips, total } = await client.call('map.strips', { from: 0, to: 1000 });
    expect(total).toBe(truth.length);
    expect(translated.length).toBeGreaterThan(0);
    for (const { bdf, mappedBytes } of translated)
      expect(strips.find((strip) => strip.bdf === bdf)?.mapped).toBe(
        `0x${(mappedBytes ?? 0).toString(16)}`,
      );
    // The device whose DMA was refused stands first.
    expect(strips[0].faults).toBeGreaterThan(0);
  });

  test.each([1, 40, 4096])(
    'shows every leaf at %i pixels, and the exact ones when near',
    async (pixels) => {
      for (const { bdf } of translated) {
        const own = leaves.filter((leaf) => leaf.bdf === bdf);
        const view = { unit: 'dmar0', bdf, from: '0x0', to: LAST, pixels };
        const { regions, exact } = await client.call('map.regions', view);
        expect(regions.length).toBeLessThanOrEqual(pixels);
        const mapped = regions.reduce((sum, each) => sum + parseHex(each.mapped)!, 0n);
        expect(mapped).toBe(own.reduce((sum, { size }) => sum + size, 0n));
        for (const { iova, size } of own)
          expect(
            regions.some(
              ({ from, to }) => parseHex(from)! <= iova && iova + size - 1n <= parseHex(to)!,
            ),
          ).toBe(true);
        if (!exact) continue;
        for (const { from, pa } of regions)
          expect(own.find(({ iova }) => iova === parseHex(from))?.pa).toBe(parseHex(pa!));
      }
    },
  );

  test('pins the faults at their addresses', async () => {
    const { strips } = await client.call('map.strips', { from: 0, to: 1 });
    const [{ unit, bdf, faults }] = strips;
    const view = { unit, bdf, from: '0x0', to: LAST };
    const near = await client.call('map.faults', { ...view, to: '0xffffffff', pixels: 4096 });
    expect(near.pins.reduce((sum, { count }) => sum + count, 0)).toBe(faults);
    expect(near.pins.map(({ from, to }) => [from, to])).toEqual([
      ['0x1f00000', '0x1f00000'],
      ['0xdead000', '0xdeaf000'],
    ]);
    const far = await client.call('map.faults', { ...view, pixels: 1 });
    expect(far.pins).toMatchObject([{ from: '0x1f00000', to: '0xdeaf000', count: 3 }]);
  });

  test('goes from region to region over the whole address space, both ways', async () => {
    const { bdf } = translated.find(({ leaves: count }) => (count ?? 0) > 3)!;
    const walk = async (way: 'next' | 'previous'): Promise<string[]> => {
      const seen: string[] = [];
      let at: string | undefined;
      for (;;) {
        const step = { unit: 'dmar0', bdf, way, what: 'region', at } as const;
        const answer: Awaited<ReturnType<typeof ask>> = await ask(step);
        if (answer.found?.kind !== 'region') return seen;
        at = answer.found.region.from;
        seen.push(at);
      }
    };
    const ask = (step: Parameters<typeof client.call<'map.step'>>[1]) =>
      client.call('map.step', step);
    const ahead = await walk('next');
    expect(ahead.length).toBeGreaterThan(1);
    expect(await walk('previous')).toEqual([...ahead].reverse());
    const whole = { unit: 'dmar0', bdf, from: '0x0', to: LAST, pixels: 4096 };
    const { regions, exact } = await client.call('map.regions', whole);
    if (exact) expect(ahead).toEqual(regions.map(({ from }) => from));
  });

  test('goes from mark to mark: the faults of the device that was refused', async () => {
    const [{ unit, bdf }] = (await client.call('map.strips', { from: 0, to: 1 })).strips;
    const step = async (way: 'next' | 'previous', at: string | undefined) => {
      const { found } = await client.call('map.step', { unit, bdf, way, what: 'mark', at });
      return found?.kind === 'fault' ? found.pin.from : found?.kind;
    };
    expect(await step('next', undefined)).toBe('0x1f00000');
    expect(await step('next', '0x1f00000')).toBe('0xdead000');
    expect(await step('next', '0xdead000')).toBe('0xdeaf000');
    expect(await step('next', '0xdeaf000')).toBeUndefined();
    expect(await step('previous', undefined)).toBe('0xdeaf000');
    expect(await step('previous', '0x1f00000')).toBeUndefined();
  });

  test('shows what the physical addresses are', async () => {
    const view = { from: '0x0', to: '0xffffffff', pixels: 700 };
    const { regions } = await client.call('map.physical', view);
    expect(regions.map(({ kind }) => kind)).toContain('crash-kernel');
    expect(regions.length).toBeLessThanOrEqual(700);
  });

  test('follows a change that is made here', async () => {
    const [leaf] = leaves;
    const walk = await client.call('walk', {
      bdf: leaf.bdf,
      address: `0x${plain(leaf.iova)}`,
      access: 'read',
    });
    const { path } = walk.steps.at(-1)!;
    const entry = await client.call('entry.get', { path: path! });
    const pointed = entry.fields.find(({ kind }) => kind === 'address')!;
    await client.call('entry.poke', { path: path!, field: pointed.name, value: '0xabcde' });
    const moved = await client.call('reverse', { address: '0xabcde000', from: 0, to: 10 });
    expect(moved.rows.map(({ iova }) => iova)).toContain(`0x${plain(leaf.iova)}`);
    await client.call('changes.undo', {});
    const back = await client.call('reverse', { address: '0xabcde000', from: 0, to: 10 });
    expect(back.rows.map(({ iova }) => iova)).not.toContain(`0x${plain(leaf.iova)}`);
  });
});

describe('a view of the tables', () => {
  test('lists what changed since it was looked at, until it is seen', async () => {
    const [leaf] = leaves;
    const { tree } = await client.call('tree.open', { all: false });
    const walk = await client.call('walk', {
      bdf: leaf.bdf,
      address: `0x${plain(leaf.iova)}`,
      access: 'read',
    });
    const path = walk.steps.at(-1)!.path!;
    const { index } = await client.call('tree.reveal', { tree, path });
    const row = async () =>
      (await client.call('tree.rows', { tree, from: index, to: index + 1 })).rows[0];
    expect(await row()).toMatchObject({ path, words: [expect.stringMatching(/^0x/)] });
    const changes = () => client.call('tree.changes', { tree });
    expect(await changes()).toEqual({ total: 0, changes: [] });
    await client.call('entry.poke', { path, field: 'R', value: '0x0' });
    expect((await row()).changed).toContain('R was');
    expect(await changes()).toMatchObject({ total: 1, changes: [{ path }] });
    await client.call('tree.seen', { tree });
    expect((await changes()).total).toBe(0);
    await client.call('changes.undo', {});
    await client.call('tree.close', { tree });
  });

  test.each(['faultline://tables.before.elf/', 'http://127.0.0.1:4000/#'])(
    'is found again by a link that begins %s',
    async (start) => {
      const { places } = await client.call('jump', { text: `${start}dmar0/00:07.0/context` });
      expect(places.map(({ target }) => target)).toContain('dmar0/00:07.0/context');
    },
  );
});

describe('memory', () => {
  test('tells gaps with their whole extent, over all of the address space', async () => {
    const END = 1n << 52n;
    let at: string | undefined = '0x0';
    let expected = 0n;
    let known = 0;
    for (let answers = 0; at !== undefined; answers++) {
      expect(answers).toBeLessThan(200);
      const answer: Awaited<ReturnType<typeof readAt>> = await readAt(at);
      for (const page of answer.pages) {
        expect(parseHex(page.address)).toBe(expected);
        if (page.bytes === undefined) {
          expect(page.provenance).not.toMatch(/present|zero/);
          expected += parseHex(page.length!)!;
        } else {
          const bytes = Buffer.from(page.bytes, 'base64').length;
          known += bytes;
          expected += BigInt(bytes);
        }
      }
      expect(answer.source).toMatch(/^tables\.before\.elf, ELF/);
      at = answer.next;
    }
    expect(expected).toBe(END);
    expect(known).toBeGreaterThan(2_000_000);
  });

  const readAt = (address: string) => client.call('memory.read', { address, length: 65_536 });

  test('finds a word of a table where the table says that it stands', async () => {
    const entry = await client.call('entry.get', { path: 'dmar0/00:07.0/context' });
    const search = { kind: 'u64', value: entry.words[0], most: 10 } as const;
    const { found, next } = await client.call('memory.search', { ...search, from: '0x0' });
    expect(found).toContain(entry.address);
    expect(next).toBeUndefined();
    const behind = await client.call('memory.search', {
      ...search,
      from: `0x${plain(parseHex(entry.address)! + 1n)}`,
    });
    expect(behind.found).not.toContain(entry.address);
  });
});
