import { describe, expect, test } from 'vitest';
import { encode, withField } from '../../../core/bits/layout.ts';
import { READ, WRITE } from '../../../core/iommu/leaves.ts';
import { SERVER_CAP, SERVER_ECAP } from '../../../core/machine/capability.ts';
import { CAP, ECAP, GCMD, GSTS, RTADDR } from '../../../core/vtd/registers-global.ts';
import { FSTS } from '../../../core/vtd/registers-faults.ts';
import { faultRecordRegisters } from '../../../core/vtd/registers.ts';
import { CONTEXT_ENTRY } from '../../../core/vtd/tables.ts';
import { DEVICE, MEMORY_BYTES, Platform, SRTP, TE, BOTH, PA } from './platform.ts';

describe('global commands (VT-d §11.4.4)', () => {
  test('SRTP latches RTADDR without turning translation on', () => {
    const platform = new Platform();
    platform.write(RTADDR, 0x12_3000n);
    expect(platform.machine.unit.rootTable).toBe(0n);
    expect(platform.field(GSTS, 'RTPS')).toBe(0n);
    platform.write(GCMD, SRTP);
    expect(platform.machine.unit.rootTable).toBe(0x12_3000n);
    expect(platform.field(GSTS, 'RTPS')).toBe(1n);
    expect(platform.field(GSTS, 'TES')).toBe(0n);
    expect(platform.read(GCMD)).toBe(0n);
  });

  test('a new RTADDR has no effect before the next SRTP', () => {
    const platform = new Platform();
    platform.attach(DEVICE, 7, 0n, PA, BOTH);
    platform.enable();
    platform.write(RTADDR, 0x3f0_0000n);
    expect(platform.request(0n)).toBe('0x2000000 by tables');
    platform.write(GCMD, SRTP | TE);
    platform.flush();
    expect(platform.request(0n)).toBe('reason 1');
  });

  test('TE follows its bit; other commands leave it only when they repeat it', () => {
    const platform = new Platform();
    platform.enable();
    expect(platform.field(GSTS, 'TES')).toBe(1n);
    platform.write(GCMD, SRTP);
    expect(platform.field(GSTS, 'TES')).toBe(0n);
  });

  test('with translation off every address passes as it is', () => {
    const platform = new Platform();
    expect(platform.request(0x1234_5678n, 'write')).toBe('0x12345678 by untranslated');
  });

  test.each(['QIE', 'IRE', 'SIRTP', 'CFI', 'SFL', 'EAFL', 'WBF'])(
    '%s belongs to an ability that the unit lacks: no status follows',
    (name) => {
      const platform = new Platform();
      platform.write(GCMD, encode(GCMD.layout, { [name]: 1 })[0]);
      expect(platform.read(GSTS)).toBe(0n);
    },
  );

  test.each([
    ['CAP.CM', withField(CAP.layout, [SERVER_CAP], 'CM', 1n)[0], SERVER_ECAP],
    ['ECAP.QI', SERVER_CAP, withField(ECAP.layout, [SERVER_ECAP], 'QI', 1n)[0]],
    ['ECAP.SMTS', SERVER_CAP, withField(ECAP.layout, [SERVER_ECAP], 'SMTS', 1n)[0]],
  ])('a unit that promises %s is refused', (name, cap, ecap) => {
    expect(() => new Platform({ cap, ecap })).toThrow(name);
  });

  test('PMEN, the queue and offsets without a register read as zero', () => {
    const { registers } = new Platform().machine.unit;
    for (const offset of [0x64, 0x80, 0x88, 0x90, 0xb8, 0xff8]) {
      registers.write(offset, 32, 0xffff_ffffn);
      expect(registers.read(offset, 32)?.value).toBe(0n);
    }
  });
});

describe('fault reasons (VT-d §7.1.3)', () => {
  const outside = MEMORY_BYTES;

  test.each<readonly [string, number, (platform: Platform) => void]>([
    ['a root table where no memory answers', 0x08, (p) => p.enable(outside)],
    ['a root entry that is not present', 0x01, (p) => p.enable()],
    [
      'a context table where no memory answers',
      0x09,
      (p) => {
        p.machine.memory.writeWords(p.root.root + 0x20n, [outside | 1n], 'root entry');
        p.enable();
      },
    ],
    [
      'reserved bits in the root entry',
      0x0a,
      (p) => {
        p.machine.memory.writeWords(p.root.root + 0x20n, [0x10_3000n | 3n], 'root entry');
        p.enable();
      },
    ],
    [
      'a context entry that is not present',
      0x02,
      (p) => {
        p.root.addContextTable(2);
        p.enable();
      },
    ],
    [
      'a width that the unit lacks',
      0x03,
      (p) => {
        p.attach(DEVICE, 7, 0n, PA, BOTH);
        p.root.setContext(DEVICE, withField(CONTEXT_ENTRY, p.root.context(DEVICE), 'AW', 1n));
        p.enable();
      },
    ],
    [
      'reserved bits in the context entry',
      0x0b,
      (p) => {
        p.attach(DEVICE, 7, 0n, PA, BOTH);
        const [low, high] = p.root.context(DEVICE);
        p.root.setContext(DEVICE, [low | 0x800n, high]);
        p.enable();
      },
    ],
    [
      'a page that is not mapped',
      0x06,
      (p) => {
        p.attach(DEVICE, 7, 0x1000n, PA, BOTH);
        p.enable();
      },
    ],
    [
      'a page that may only be written',
      0x06,
      (p) => {
        p.attach(DEVICE, 7, 0n, PA, WRITE);
        p.enable();
      },
    ],
    [
      'a page table where no memory answers',
      0x07,
      (p) => {
        const tables = p.attach(DEVICE, 7, 0n, PA, BOTH);
        p.machine.memory.writeWords(tables.entryAddress(0n, 2, true), [outside | 3n], 'L2[0]');
        p.enable();
      },
    ],
    [
      'reserved bits in a page-table entry',
      0x0c,
      (p) => {
        const tables = p.attach(DEVICE, 7, 0n, PA, BOTH);
        const address = tables.entryAddress(0n, 1, true);
        p.machine.memory.writeWords(address, [PA | (1n << 45n) | 3n], 'L1[0]');
        p.enable();
      },
    ],
  ])('%s: reason %d', (_what, reason, set) => {
    const platform = new Platform();
    set(platform);
    expect(platform.request(0n)).toBe(`reason ${reason}`);
    const [record] = faultRecordRegisters(SERVER_CAP);
    const { registers } = platform.machine.unit;
    const high = registers.read(record.offset + 8, 64)!.value;
    expect((high >> 32n) & 0xffn).toBe(BigInt(reason));
    expect(high & 0xffffn).toBe(BigInt(DEVICE));
    expect(platform.field(FSTS, 'PPF')).toBe(1n);
  });

  test('an address beyond the width of the tables: reason 4', () => {
    const platform = new Platform();
    platform.attach(DEVICE, 7, 0n, PA, BOTH);
    platform.enable();
    expect(platform.request(1n << 48n)).toBe('reason 4');
  });

  test('FPD keeps qualified faults out of the records, cached or not', () => {
    const platform = new Platform();
    platform.attach(DEVICE, 7, 0n, PA, READ);
    platform.root.setContext(
      DEVICE,
      withField(CONTEXT_ENTRY, platform.root.context(DEVICE), 'FPD', 1n),
    );
    platform.enable();
    expect(platform.request(0x5000n)).toBe('reason 6');
    expect(platform.request(0n)).toBe('0x2000000 by tables');
    expect(platform.request(0n, 'write')).toBe('reason 5');
    expect(platform.request(0x5000n)).toBe('reason 6');
    expect(platform.read(FSTS)).toBe(0n);
  });
});

describe('interrupt address range (VT-d §3.15)', () => {
  test('a write is an interrupt request, a read is refused', () => {
    const platform = new Platform();
    platform.attach(DEVICE, 7, 0xfee0_0000n, PA, BOTH);
    platform.enable();
    expect(platform.request(0xfee0_1004n, 'write')).toBe('interrupt');
    expect(platform.request(0xfee0_1004n, 'read')).toBe('reason 41');
    expect(platform.request(0xfef0_0000n, 'write')).toBe('reason 5');
  });
});

describe('peek', () => {
  test('decides as translate would and leaves no trace', () => {
    const platform = new Platform();
    platform.attach(DEVICE, 7, 0n, PA, BOTH);
    platform.enable();
    const { unit, log } = platform.machine;
    const before = log.last;
    expect(unit.peek({ id: DEVICE, address: 0x5000n, access: 'read' }).decision).toMatchObject({
      result: 'blocked',
      reason: 6,
    });
    expect(unit.peek({ id: DEVICE, address: 0n, access: 'read' }).translationFill).toBeDefined();
    expect(log.last).toBe(before);
    expect(unit.contextCache.entries()).toEqual([]);
    expect(unit.iotlb.entries()).toEqual([]);
    expect(platform.read(FSTS)).toBe(0n);
  });
});
