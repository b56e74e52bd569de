import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { hex, parseHex } from '../../../core/format/hex.ts';
import type { EngineClient } from '../../../core/protocol/client.ts';
import type { TreeNode } from '../../../core/iommu/unit.ts';
import type { Space } from '../../../core/protocol/contract-memory.ts';
import { directEngine, type Engine } from '../../../electron/host/engine.ts';
import { capturePath, ROOT } from '../../support/captures.ts';

/** Memory as devices and kernels address it, and the tables that stand in it. */
interface Opened {
  readonly engine: Engine;
  readonly client: EngineClient;
}

async function opened(paths: readonly string[]): Promise<Opened> {
  const { engine, client } = directEngine({
    onBug: (error) => {
      throw error;
    },
  });
  await client.call('session.open', { paths: [...paths], add: false });
  return { engine, client };
}

const FILES = ['tables.before.elf', 'regs.before.json'];
const PAGE = 4096n;
const END = 1n << 64n;

/** Everything that `memory.read` says of a space, gap by gap and page by page. */
async function whole(client: EngineClient, space: Space, from = 0n, end = END) {
  const pieces: {
    from: bigint;
    to: bigint;
    provenance: string;
    physical: bigint | undefined;
  }[] = [];
  let at: string | undefined = hex(from);
  for (let answers = 0; at !== undefined && parseHex(at)! < end; answers++) {
    expect(answers).toBeLessThan(5000);
    const { pages, next }: { pages: Pages; next?: string } = await client.call('memory.read', {
      space,
      address: at,
      length: 65_536,
    });
    for (const page of pages) {
      const start = parseHex(page.address)!;
      // Nothing is told twice and nothing left out.
      expect(start).toBe(pieces.at(-1)?.to ?? from);
      const length = page.bytes ? Buffer.from(page.bytes, 'base64').length : BigInt(page.length!);
      const physical = page.physical === undefined ? undefined : parseHex(page.physical);
      pieces.push({
        from: start,
        to: start + BigInt(length),
        provenance: page.provenance,
        physical,
      });
    }
    at = next;
  }
  return pieces;
}
type Pages = {
  readonly address: string;
  readonly provenance: string;
  readonly bytes?: string;
  readonly length?: string;
  readonly physical?: string;
}[];

describe.each([
  ['intel-6.1', 'dmar0'],
  ['amd-6.1', 'ivhd0'],
  ['intel-6.12-sm', 'dmar0'],
] as const)("a device's addresses in %s", (capture, unit) => {
  let all: Opened;
  beforeAll(async () => {
    all = await opened(FILES.map((name) => capturePath(capture, name)));
  });
  afterAll(() => all.engine.dispose());

  test('are mapped where its leaves say so, page by page, and nowhere else', async () => {
    const { client } = all;
    const { devices } = await client.call('devices.list', { unit });
    let looked = 0;
    for (const { bdf, pasid } of devices) {
      const mapped = new Map<bigint, bigint>();
      for (let from: string | undefined = '0x0'; from !== undefined;) {
        const answer: { leaves: (readonly string[])[]; next?: string } = await client.call(
          'mappings.read',
          { unit, bdf, pasid, from, count: 1000 },
        );
        for (const [iova, pa, size] of answer.leaves)
          for (let at = 0n; at < BigInt(size); at += PAGE)
            mapped.set(BigInt(iova) + at, BigInt(pa) + at);
        from = answer.next;
      }
      if (mapped.size === 0 || ++looked > 4) continue;
      const pieces = await whole(client, { kind: 'iova', bdf, pasid });
      expect(pieces.at(-1)?.to).toBe(END);
      let pages = 0n;
      for (const piece of pieces) {
        if (piece.physical === undefined) continue;
        pages += (piece.to - piece.from) / PAGE;
        for (let at = piece.from; at < piece.to; at += PAGE)
          expect(piece.physical + (at - piece.from)).toBe(mapped.get(at));
      }
      expect(Number(pages)).toBe(mapped.size);
    }
    expect(looked).toBeGreaterThan(0);
  });

  test('what stands behind a page is the next page of that space', async () => {
    const { client } = all;
    const { devices } = await client.call('devices.list', { unit });
    let shown = 0;
    for (const { bdf, pasid } of devices) {
      const asked = { unit, bdf, pasid, from: '0x0', count: 1000 };
      const { leaves } = await client.call('mappings.read', asked);
      const pages = leaves.map(([iova, pa, size]) => ({
        iova: BigInt(iova),
        pa: BigInt(pa),
        end: BigInt(iova) + BigInt(size),
        paEnd: BigInt(pa) + BigInt(size),
      }));
      // Two pages that are neighbours for the device, and are not in memory.
      const apart = pages.findIndex(
        ({ iova, pa }, index) => iova === pages[index - 1]?.end && pa !== pages[index - 1].paEnd,
      );
      if (apart < 0) continue;
      const answer = await client.call('memory.read', {
        space: { kind: 'iova', bdf, pasid },
        address: hex(pages[apart].iova - 16n),
        length: 32,
      });
      const physical = answer.pages.map((page) => BigInt(page.physical ?? 0));
      expect(physical.slice(0, 2)).toEqual([pages[apart - 1].paEnd - 16n, pages[apart].pa]);
      shown++;
    }
    expect(shown).toBeGreaterThan(0);
  });

  test('every entry of the tree stands in a table that is named, by its own path', async () => {
    const { client, engine } = all;
    const units = engine.bench.worlds.units();
    const wanted = new Map<string, string>();
    const collect = (node: TreeNode): void => {
      if (wanted.size > 3000) return;
      if (node.entry && node.kind !== 'run') wanted.set(node.entry.path, hex(node.entry.address));
      for (const child of node.children(false)) collect(child);
    };
    for (const each of units) collect(each.tree());
    expect(wanted.size).toBeGreaterThan(20);
    const addresses = [...wanted.values()].map((each) => parseHex(each)!);
    const pages = [...new Set(addresses.map((each) => hex(each - (each % PAGE))))];
    const tables = [];
    for (let at = 0; at < pages.length; at += 64)
      tables.push(
        ...(await client.call('memory.tables', { pages: pages.slice(at, at + 64) })).tables,
      );
    for (const address of addresses) {
      const table = tables.find(
        ({ from, to }) => address >= parseHex(from)! && address < parseHex(to)!,
      );
      expect(table, hex(address)).toBeDefined();
      // Entries of a table are so many bytes apart.
      const apart = address - parseHex(table!.address)!;
      expect(Number(apart) % (table!.width / 8)).toBe(0);
    }
  });
});

describe('memory of a kernel', () => {
  let all: Opened;
  beforeAll(async () => {
    all = await opened([join(ROOT, 'resources/samples/intel-6.1/vmcore')]);
  });
  afterAll(() => all.engine.dispose());
  const virtual = { kind: 'virtual' } as const;

  test('a symbol is an address of its own space, and its bytes stand there', async () => {
    const { client } = all;
    const { address, name } = await client.call('memory.symbol', { text: ' linux_banner ' });
    expect(name).toBe('linux_banner');
    const { pages } = await client.call('memory.read', { space: virtual, address, length: 64 });
    const text = Buffer.from(pages[0].bytes!, 'base64').toString('latin1');
    expect(text).toMatch(/^Linux version 6\.1\./);
    expect(parseHex(pages[0].physical!)! % PAGE).toBe(parseHex(address)! % PAGE);
  });

  test('finds text by its virtual address, behind holes of the address space', async () => {
    const { client } = all;
    const { address } = await client.call('memory.symbol', { text: 'linux_banner' });
    const search = { space: virtual, kind: 'text', value: 'Linux version 6.1', most: 1 } as const;
    let from: string | undefined = hex(parseHex(address)! - 0x10_0000n);
    for (let answers = 0; answers < 50; answers++) {
      const answer: { found: string[]; next?: string } = await client.call('memory.search', {
        ...search,
        from: from!,
      });
      if (answer.found.length > 0) {
        expect(answer.found).toEqual([address]);
        return;
      }
      from = answer.next;
    }
    expect.unreachable();
  });

  test.each([
    ['what is no canonical address', 0x8000_0000_0000n, 'unmapped'],
    ['the lower half, which is no kernel address', 0n, 'unmapped'],
  ])('%s is not mapped', async (_, address, provenance) => {
    const { pages } = await all.client.call('memory.read', {
      space: virtual,
      address: hex(address),
      length: 16,
    });
    expect(pages[0].provenance).toBe(provenance);
    expect(pages[0].physical).toBeUndefined();
  });

  test('a text that is neither symbol nor address says so', async () => {
    const asked = all.client.call('memory.symbol', { text: 'no_such_symbol' });
    await expect(asked).rejects.toThrow('The kernel has no symbol "no_such_symbol"');
  });
});
