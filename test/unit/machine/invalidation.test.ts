import { describe, expect, test } from 'vitest';
import { encode, valueOf } from '../../../core/bits/layout.ts';
import { ContextCache, Iotlb } from '../../../core/machine/caches.ts';
import { EventLog } from '../../../core/machine/events.ts';
import { EXACT, invalidateContext, invalidateIotlb } from '../../../core/machine/invalidation.ts';
import { CCMD, iotlbRegister, ivaRegister } from '../../../core/vtd/registers-global.ts';

const IOTLB = iotlbRegister(8).layout;
const IVA = ivaRegister(0).layout;
const GLOBAL = 1;
const DOMAIN = 2;
const DEVICE = 3;
const PAGE = 3;

/** 02:00.0 to 02:00.7 and 03:00.0; odd functions are in domain 8, the others in domain 7. */
function contexts(): ContextCache {
  const cache = new ContextCache();
  for (const id of [0x200, 0x201, 0x202, 0x203, 0x204, 0x205, 0x206, 0x207, 0x300])
    cache.put({ id, domain: id & 1 ? 8 : 7, words: [1n, 0n], address: 0n });
  return cache;
}

describe('context cache invalidation (VT-d §11.4.5)', () => {
  test.each<readonly [string, Record<string, number>, readonly number[], number]>([
    ['global: everything', { CIRG: GLOBAL }, [], GLOBAL],
    [
      'domain: what carries its identifier',
      { CIRG: DOMAIN, DID: 7 },
      [0x201, 0x203, 0x205, 0x207],
      DOMAIN,
    ],
    [
      'device: requester and domain together',
      { CIRG: DEVICE, DID: 7, SID: 0x200 },
      [0x201, 0x202, 0x203, 0x204, 0x205, 0x206, 0x207, 0x300],
      DEVICE,
    ],
    [
      'device under another domain: nothing',
      { CIRG: DEVICE, DID: 9, SID: 0x200 },
      [0x200, 0x201, 0x202, 0x203, 0x204, 0x205, 0x206, 0x207, 0x300],
      DEVICE,
    ],
    [
      'FM 1 leaves out the top bit of the function',
      { CIRG: DEVICE, DID: 7, SID: 0x200, FM: 1 },
      [0x201, 0x202, 0x203, 0x205, 0x206, 0x207, 0x300],
      DEVICE,
    ],
    [
      'FM 2 leaves out two bits',
      { CIRG: DEVICE, DID: 7, SID: 0x200, FM: 2 },
      [0x201, 0x203, 0x205, 0x207, 0x300],
      DEVICE,
    ],
    [
      'FM 3 leaves out the whole function',
      { CIRG: DEVICE, DID: 8, SID: 0x200, FM: 3 },
      [0x200, 0x202, 0x204, 0x206, 0x300],
      DEVICE,
    ],
    [
      'no granularity: ignored',
      { CIRG: 0, DID: 7, SID: 0x200 },
      [0x200, 0x201, 0x202, 0x203, 0x204, 0x205, 0x206, 0x207, 0x300],
      0,
    ],
  ])('%s', (_what, fields, left, used) => {
    const cache = contexts();
    const [command] = encode(CCMD.layout, { ICC: 1, ...fields });
    const after = invalidateContext(cache, new EventLog(), command, EXACT);
    expect(cache.entries().map((entry) => entry.id)).toEqual(left);
    expect(valueOf(CCMD.layout, [after], 'ICC')).toBe(0n);
    expect(valueOf(CCMD.layout, [after], 'CAIG')).toBe(BigInt(used));
  });

  test('hardware may widen a request, and says so', () => {
    const cache = contexts();
    const [command] = encode(CCMD.layout, { ICC: 1, CIRG: DEVICE, DID: 7, SID: 0x200 });
    const log = new EventLog();
    const after = invalidateContext(cache, log, command, { domain: 'domain', device: 'domain' });
    expect(valueOf(CCMD.layout, [after], 'CAIG')).toBe(BigInt(DOMAIN));
    expect(cache.entries().map((entry) => entry.id)).toEqual([0x201, 0x203, 0x205, 0x207]);
    expect(log.since(0)).toMatchObject([{ requested: 'device', actual: 'domain', removed: 5 }]);
  });
});

const MAPPED = [
  [7, 0x1000n, 0x1000n],
  [7, 0x2000n, 0x1000n],
  [7, 0x5000n, 0x1000n],
  [7, 0x20_0000n, 0x20_0000n],
  [8, 0x1000n, 0x1000n],
] as const;

function translations(): Iotlb {
  const cache = new Iotlb();
  for (const [domain, iova, size] of MAPPED)
    cache.put({ domain, iova, size, pa: 0x10_0000n, rights: 3 });
  return cache;
}

describe('IOTLB invalidation (VT-d §11.4.7)', () => {
  const all = MAPPED.map(([domain, iova]) => `${domain} ${iova.toString(16)}`);
  const without = (...gone: string[]): string[] => all.filter((entry) => !gone.includes(entry));
  const page = { IIRG: PAGE, DID: 7 };

  test.each<readonly [string, Record<string, number>, bigint, readonly string[], number]>([
    ['global: everything', { IIRG: GLOBAL }, 0n, [], GLOBAL],
    ['domain: what carries its identifier', { IIRG: DOMAIN, DID: 7 }, 0n, ['8 1000'], DOMAIN],
    ['page: one of one domain', page, 0x1000n, without('7 1000'), PAGE],
    ['page with a mask: an aligned run', page, 0x2000n | 2n, without('7 1000', '7 2000'), PAGE],
    ['the mask aligns the address', page, 0x7000n | 2n, without('7 5000'), PAGE],
    ['a page inside a large one takes the large one', page, 0x20_3000n, without('7 200000'), PAGE],
    ['a mask above MAMV: ignored', page, 0x1000n | 19n, all, 0],
    ['no granularity: ignored', { IIRG: 0, DID: 7 }, 0x1000n, all, 0],
  ])('%s', (_what, fields, address, left, used) => {
    const cache = translations();
    const [command] = encode(IOTLB, { IVT: 1, ...fields });
    const pages = { supported: true, largestMask: 18 };
    const after = invalidateIotlb(cache, new EventLog(), command, address, pages);
    const found = cache.entries().map((entry) => `${entry.domain} ${entry.iova.toString(16)}`);
    expect(found).toEqual(left);
    expect(valueOf(IOTLB, [after], 'IVT')).toBe(0n);
    expect(valueOf(IOTLB, [after], 'IAIG')).toBe(BigInt(used));
  });

  test('without page-selective invalidation the whole domain goes', () => {
    const cache = translations();
    const [command] = encode(IOTLB, { IVT: 1, ...page });
    const [address] = encode(IVA, { ADDR: 1 });
    const pages = { supported: false, largestMask: 0 };
    const after = invalidateIotlb(cache, new EventLog(), command, address, pages);
    expect(cache.entries().map((entry) => entry.domain)).toEqual([8]);
    expect(valueOf(IOTLB, [after], 'IAIG')).toBe(BigInt(DOMAIN));
  });
});

describe('the IOTLB is bounded', () => {
  test('the oldest entry makes room, a refill counts as new', () => {
    const cache = new Iotlb(2);
    const fill = (iova: bigint): void =>
      cache.put({ domain: 1, iova, size: 0x1000n, pa: iova, rights: 1 });
    fill(0x1000n);
    fill(0x2000n);
    fill(0x1000n);
    fill(0x3000n);
    expect(cache.entries().map((entry) => entry.iova)).toEqual([0x1000n, 0x3000n]);
  });

  test.each([0x1000n, 0x20_0000n, 0x4000_0000n, 0x80_0000_0000n])(
    'an address anywhere in a page of %d bytes finds it',
    (size) => {
      const cache = new Iotlb();
      cache.put({ domain: 3, iova: size, size, pa: 0n, rights: 3 });
      expect(cache.get(3, size)).toBeDefined();
      expect(cache.get(3, 2n * size - 1n)).toBeDefined();
      expect(cache.get(3, 2n * size)).toBeUndefined();
      expect(cache.get(4, size)).toBeUndefined();
    },
  );
});
