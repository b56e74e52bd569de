import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { encode, withField } from '../../../core/bits/layout.ts';
import { READ } from '../../../core/iommu/leaves.ts';
import { SERVER_CAP, SERVER_ECAP } from '../../../core/machine/capability.ts';
import { contextEntry } from '../../../core/machine/tables.ts';
import { CAP, CCMD, GCMD } from '../../../core/vtd/registers-global.ts';
import { invalidationRegisters } from '../../../core/vtd/registers.ts';
import { DEVICE, Platform, SRTP, TE, BOTH, PA } from './platform.ts';

describe('what a forgotten invalidation does', () => {
  test('an unmapped page stays reachable until its IOTLB entry goes', () => {
    const platform = new Platform();
    const tables = platform.attach(DEVICE, 7, 0n, PA, BOTH);
    platform.enable();
    expect(platform.request(0n)).toBe('0x2000000 by tables');
    tables.unmap(0n);
    expect(platform.request(0x10n)).toBe('0x2000010 by IOTLB');
    platform.flush();
    expect(platform.request(0n)).toBe('reason 6');
  });

  test('a new mapping is seen at once: what is not present is not cached', () => {
    const platform = new Platform();
    const tables = platform.attach(DEVICE, 7, 0x1000n, PA, BOTH);
    platform.enable();
    expect(platform.request(0n)).toBe('reason 6');
    tables.map(0n, PA + 0x1000n, BOTH);
    expect(platform.request(0n)).toBe('0x2001000 by tables');
  });

  test('a context entry that appears is seen at once', () => {
    const platform = new Platform();
    platform.root.addContextTable(2);
    platform.enable();
    expect(platform.request(0n)).toBe('reason 2');
    platform.attach(DEVICE, 7, 0n, PA, BOTH);
    expect(platform.request(0n)).toBe('0x2000000 by tables');
  });

  test('a replaced context entry goes on leading to the old tables: reason 6 for a mapped page', () => {
    const platform = new Platform();
    platform.attach(DEVICE, 7, 0x1000n, PA, BOTH);
    platform.enable();
    expect(platform.request(0x1000n)).toBe('0x2000000 by tables');
    platform.attach(DEVICE, 9, 0xffff_f000n, PA + 0x1000n, BOTH);
    expect(platform.request(0xffff_f000n)).toBe('reason 6');
    const inMemory = platform.machine.unit.view().walk({
      id: DEVICE,
      pasid: undefined,
      address: 0xffff_f000n,
      access: 'read',
    });
    expect(inMemory).toMatchObject({ result: 'translated', pa: PA + 0x1000n });
  });

  test.each([
    ['under the old domain, it goes', 7, '0x2001000 by tables'],
    ['under the new domain, it stays', 9, 'reason 6'],
  ])('device-selective invalidation %s', (_what, domain, outcome) => {
    const platform = new Platform();
    platform.attach(DEVICE, 7, 0x1000n, PA, BOTH);
    platform.enable();
    platform.request(0x1000n);
    platform.attach(DEVICE, 9, 0xffff_f000n, PA + 0x1000n, BOTH);
    const command = encode(CCMD.layout, { ICC: 1, CIRG: 3, SID: DEVICE, DID: domain });
    platform.write(CCMD, command[0]);
    expect(platform.request(0xffff_f000n)).toBe(outcome);
  });

  test('a cached right decides, whatever memory says by now', () => {
    const platform = new Platform();
    const tables = platform.attach(DEVICE, 7, 0n, PA, READ);
    platform.enable();
    platform.request(0n);
    tables.map(0n, PA, BOTH);
    expect(platform.request(0n, 'write')).toBe('reason 5');
    platform.flush();
    expect(platform.request(0n, 'write')).toBe('0x2000000 by tables');
  });

  test('devices of one domain share its translations', () => {
    const platform = new Platform();
    const tables = platform.attach(DEVICE, 7, 0n, PA, BOTH);
    platform.root.setContext(
      DEVICE + 1,
      contextEntry({ translation: 'second-stage', domain: 7, tables }),
    );
    platform.enable();
    expect(platform.request(0n, 'read', DEVICE)).toBe('0x2000000 by tables');
    expect(platform.request(0n, 'read', DEVICE + 1)).toBe('0x2000000 by IOTLB');
  });

  test('pass-through is cached as a context entry and leaves no translation', () => {
    const platform = new Platform();
    const through = contextEntry({ translation: 'pass-through', domain: 3, levels: 4 });
    platform.root.setContext(DEVICE, through);
    platform.enable();
    expect(platform.request(0x5000n)).toBe('0x5000 by pass-through');
    expect(platform.request(0x6000n)).toBe('0x6000 by pass-through');
    expect(platform.machine.unit.contextCache.entries()).toHaveLength(1);
    expect(platform.machine.unit.iotlb.entries()).toEqual([]);
  });

  test('translation turned off and on forgets nothing', () => {
    const platform = new Platform();
    const tables = platform.attach(DEVICE, 7, 0n, PA, BOTH);
    platform.enable();
    platform.request(0n);
    tables.unmap(0n);
    platform.write(GCMD, 0n);
    platform.write(GCMD, TE);
    expect(platform.request(0n)).toBe('0x2000000 by IOTLB');
  });

  test.each([
    ['keeps the caches of a unit without ESRTPS', 0n, '0x2000000 by IOTLB'],
    ['empties those of a unit with it', 1n, 'reason 6'],
  ])('SRTP %s', (_what, flag, outcome) => {
    const cap = withField(CAP.layout, [SERVER_CAP], 'ESRTPS', flag)[0];
    const platform = new Platform({ cap });
    const tables = platform.attach(DEVICE, 7, 0n, PA, BOTH);
    platform.enable();
    platform.request(0n);
    tables.unmap(0n);
    platform.write(GCMD, SRTP | TE);
    expect(platform.request(0n)).toBe(outcome);
  });
});

/** Edits of tables that a property may make, on two devices, two domains and four pages. */
const edit = fc.record({
  device: fc.integer({ min: 0, max: 1 }),
  domain: fc.integer({ min: 0, max: 1 }),
  page: fc.integer({ min: 0, max: 3 }),
  rights: fc.integer({ min: 0, max: 3 }),
  target: fc.integer({ min: 0, max: 7 }),
  attach: fc.boolean(),
  write: fc.boolean(),
});

describe('properties', () => {
  test('after a global flush the unit decides as its tables say', () => {
    fc.assert(
      fc.property(fc.array(edit, { minLength: 1, maxLength: 20 }), (edits) => {
        const platform = new Platform();
        const { unit } = platform.machine;
        const tables = [platform.domain(1), platform.domain(2)];
        platform.enable();
        for (const { device, domain, page, rights, target, attach, write } of edits) {
          const iova = BigInt(page) * 0x1000n;
          tables[domain].map(iova, PA + BigInt(target) * 0x1000n, rights);
          const attachment = { translation: 'second-stage', domain: domain + 1 } as const;
          if (attach)
            platform.root.setContext(
              DEVICE + device,
              contextEntry({ ...attachment, tables: tables[domain] }),
            );
          unit.translate({ id: DEVICE + device, address: iova, access: write ? 'write' : 'read' });
        }
        platform.flush();
        for (let at = 0; at < 16; at++) {
          const request = {
            id: DEVICE + (at & 1),
            address: BigInt(at >> 2) * 0x1000n,
            access: at & 2 ? ('write' as const) : ('read' as const),
          };
          const { decision } = unit.peek(request);
          const walk = unit.view().walk({ ...request, pasid: undefined });
          if (walk.result === 'translated')
            expect(decision).toMatchObject({ result: 'through', pa: walk.pa });
          else
            expect(decision).toMatchObject({
              result: 'blocked',
              reason: 'reason' in walk && walk.reason,
            });
        }
      }),
      { numRuns: 60 },
    );
  });

  test('any value in any register leaves a unit that still answers', () => {
    const offsets = Array.from({ length: 0x240 / 4 }, (_, index) => index * 4);
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.constantFrom(...offsets), fc.bigInt({ min: 0n, max: 0xffff_ffffn })), {
          maxLength: 40,
        }),
        (writes) => {
          const platform = new Platform();
          const { unit } = platform.machine;
          for (const [offset, value] of writes) unit.registers.write(offset, 32, value);
          const decision = unit.translate({ id: DEVICE, address: 0x1000n, access: 'read' });
          expect(['through', 'blocked']).toContain(decision.result);
          expect(platform.read(CAP)).toBe(SERVER_CAP);
          expect(platform.read(invalidationRegisters(SERVER_ECAP)[1]) >> 63n).toBe(0n);
          expect(platform.read(CCMD) >> 63n).toBe(0n);
        },
      ),
      { numRuns: 100 },
    );
  });
});
