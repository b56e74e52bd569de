import { describe, expect, test } from 'vitest';
import { faultJson } from '../../../core/log/json.ts';
import { parseFaultLine, parseLog } from '../../../core/log/parse.ts';

/**
 * Lines from public threads; S are the project's seed texts, T the threads that
 * kernel-messages.md, section 6, names with their addresses.
 */
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const read = (text: string) => {
  const result = parseLog(bytes(text));
  return { ...result, json: result.faults.map((fault) => faultJson(fault)) };
};

describe('vectors of public threads', () => {
  test('S1: an AMD event quoted three times and wrapped by mail', () => {
    const { json } = read(
      '> > > AMD-Vi: Event logged [IO_PAGE_FAULT device=00:14.1 domain=0x000d\n> > > address=0x000000000245a0c0 flags=0x0070]\n',
    );
    expect(json).toEqual([
      {
        line: 1,
        kernel: 0,
        vendor: 'amd',
        type: 'event',
        access: 'write',
        bdf: '00:14.1',
        address: '0x245a0c0',
        event: 'IO_PAGE_FAULT',
        domain: 0xd,
        flags: '0x70',
        flagNames: ['PR', 'RW', 'PE'],
      },
    ]);
  });

  test('S2: one line, decimal reason', () => {
    const { json, phases } = read(
      'DMAR: DRHD: handling fault status reg 2\nDMAR: [DMA Read] Request device [02:00.0] fault addr fffff000 [fault reason 06] PTE Read access is not set\n',
    );
    expect(json).toEqual([
      {
        line: 2,
        kernel: 0,
        vendor: 'intel',
        type: 'dma',
        access: 'read',
        bdf: '02:00.0',
        address: '0xfffff000',
        reason: 6,
        reasonName: 'PTE Read access is not set',
        status: '0x2',
      },
    ]);
    expect(phases).toMatchObject([
      { phase: 'status', details: { status: 2n, bits: ['PPF', 'FRI 0'] } },
    ]);
  });

  test('S3: two lines, a fault record index in the status', () => {
    const { json, phases, faults } = read(
      'dmar: DRHD: handling fault status reg 102\ndmar: DMAR:[DMA Read] Request device [01:00.0] fault addr fff80000\nDMAR:[fault reason 01] Present bit in root entry is clear\n',
    );
    expect(json).toMatchObject([
      {
        line: 2,
        bdf: '01:00.0',
        access: 'read',
        address: '0xfff80000',
        reason: 1,
        status: '0x102',
      },
    ]);
    expect(faults[0].era).toBe('V2');
    expect(phases[0].details['bits']).toEqual(['PPF', 'FRI 1']);
  });

  test('S4: an interrupt fault whose index is hexadecimal and whose reason is decimal', () => {
    expect(
      read(
        'dmar: INTR-REMAP: Request device [[61:00.0] fault index 42\nINTR-REMAP:[fault reason 34] Present field in the IRTE entry is clear\n',
      ).json,
    ).toEqual([
      {
        line: 1,
        kernel: 0,
        vendor: 'intel',
        type: 'interrupt',
        bdf: '61:00.0',
        reason: 0x22,
        reasonName: 'Present field in the IRTE entry is clear',
        index: 0x42,
      },
    ]);
  });

  test('T1: reason 12 of two lines is 0x0c', () => {
    expect(
      read(
        '[ 1692.021403] dmar: DMAR:[DMA Read] Request device [00:02.0] fault addr 1a45aa9000\n[ 1692.021403] DMAR:[fault reason 12] non-zero reserved fields in PTE\n',
      ).json,
    ).toMatchObject([
      { time: 1692.021403, bdf: '00:02.0', access: 'read', address: '0x1a45aa9000', reason: 0x0c },
    ]);
  });

  test('T2: the second line is missing; the record stands without a reason', () => {
    const { json } = read(
      '2014-04-25T09:37:53.595431+01:00 kvmhost kernel:     8.490171] dmar: DMAR:[DMA Read] Request device [01:00.0] fault addr 41a6aa000\n',
    );
    expect(json).toEqual([
      {
        line: 1,
        time: 8.490171,
        kernel: 0,
        vendor: 'intel',
        type: 'dma',
        access: 'read',
        bdf: '01:00.0',
        address: '0x41a6aa000',
      },
    ]);
  });

  test('T3: dmesg indents the second line', () => {
    expect(
      read(
        '[    0.057770] DMAR: INTR-REMAP: Request device [[f0:1f.0] fault index 0\n               INTR-REMAP:[fault reason 37] Blocked a compatibility format interrupt request\n',
      ).json,
    ).toMatchObject([
      { type: 'interrupt', bdf: 'f0:1f.0', index: 0, reason: 0x25, time: 0.05777, line: 1 },
    ]);
  });

  test('T4: suppressed lines are a gap, address 0 is an address', () => {
    const { json, phases, notes } = read(
      '[10677.928602] dmar_fault: 2474 callbacks suppressed\nDMAR: [DMA Write] Request device [00:12.0] fault addr 0 [fault reason 05] PTE Write access is not set\n',
    );
    expect(json).toMatchObject([{ bdf: '00:12.0', access: 'write', address: '0x0', reason: 5 }]);
    expect(phases).toMatchObject([
      { phase: 'suppressed', details: { function: 'dmar_fault', count: 2474 } },
    ]);
    expect(notes.map((note) => note.id)).toEqual(['counts-are-lower-bounds']);
  });

  test('T5: 113 of 5.4 to 5.13 is 0x71, PASID without 0x is hexadecimal', () => {
    expect(
      parseFaultLine(
        'DMAR: [DMA Read] Request device [7a:02.0] PASID 2 fault addr 7f81c968d000 [fault reason 113] SM: Present bit in first-level paging entry is clear',
      ),
    ).toMatchObject({
      era: 'V5',
      bdf: '7a:02.0',
      access: 'read',
      pasid: 2,
      address: 0x7f81c968d000n,
      reason: 0x71,
    });
  });

  test('T6: 0x in the device, of 5.14 alone; a stamp before the journal’s prefix', () => {
    expect(
      parseFaultLine(
        '[    0.938401] kernel: DMAR: [DMA Read NO_PASID] Request device [0x00:0x02.0] fault addr 0x70ad5000 [fault reason 0x07] Next page table ptr is invalid',
      ),
    ).toMatchObject({ era: 'V6', time: 0.938401, bdf: '00:02.0', address: 0x70ad5000n, reason: 7 });
  });

  test('T7: interrupt fault of today', () => {
    expect(
      parseFaultLine(
        'DMAR: [INTR-REMAP] Request device [01:05.0] fault index 0x2f [fault reason 0x26] Blocked an interrupt request due to source-id verification failure',
      ),
    ).toMatchObject({ era: 'V7', type: 'interrupt', bdf: '01:05.0', index: 0x2f, reason: 0x26 });
  });

  test('T8: broken by quoted-printable, quoted only on the first line', () => {
    expect(
      read(
        '> DMAR: [DMA Read NO_PASID] Request device [80:14.0] fault addr 0xe81759000=\n [fault reason 0x39] SM: Present bit in Root Entry is clear\n',
      ).json,
    ).toMatchObject([{ bdf: '80:14.0', access: 'read', address: '0xe81759000', reason: 0x39 }]);
  });

  test('T9: the dump that follows contradicts the fault, and says so', () => {
    const { faults, notes } = read(
      [
        'DMAR: [DMA Read NO_PASID] Request device [00:0d.2] fault addr 0x1026a4000 [fault reason 0x51] SM: Present bit in Directory Entry is clear',
        'DMAR: Dump dmar1 table entries for IOVA 0x1026a4000',
        'DMAR: scalable mode root entry: hi 0x0000000102448001, low 0x0000000101b3e001',
        'DMAR: context entry: hi 0x0000000000000000, low 0x0000000101b4d401',
        'DMAR: pasid dir entry: 0x0000000101b4e001',
        'DMAR: pasid table entry[0]: 0x0000000000000109',
        'DMAR: pasid table entry[1]: 0x0000000000000001',
        'DMAR: PTE not present at level 4',
      ].join('\n'),
    );
    expect(faults).toHaveLength(1);
    expect(faults[0]).toMatchObject({
      bdf: '00:0d.2',
      access: 'read',
      reason: 0x51,
      unit: 'dmar1',
    });
    expect(faults[0].dump).toEqual([
      { what: 'scalable mode root entry', words: [0x101b3e001n, 0x102448001n] },
      { what: 'context entry', words: [0x101b4d401n, 0n] },
      { what: 'pasid dir entry', words: [0x101b4e001n] },
      { what: 'pasid table entry', words: [0x109n, 1n] },
    ]);
    expect(faults[0].raw).toEqual([
      0x101b3e001n,
      0x102448001n,
      0x101b4d401n,
      0n,
      0x101b4e001n,
      0x109n,
      1n,
    ]);
    expect(notes.map((note) => note.id)).toEqual([
      'dump-contradicts-fault',
      'superpage-called-not-present',
    ]);
  });

  test('T10: the body on its own line with its own stamp', () => {
    expect(
      read(
        'kernel: [  221.562629] AMD-Vi: Event logged [\nkernel: [  221.565929] IO_PAGE_FAULT device=05:00.0 domain=0x0012 address=0x00000000ff6101b0 flags=0x0070]\n',
      ).json,
    ).toMatchObject([
      {
        line: 1,
        time: 221.562629,
        bdf: '05:00.0',
        access: 'write',
        address: '0xff6101b0',
        domain: 0x12,
      },
    ]);
  });

  test('T11: the device only in the driver’s prefix', () => {
    const { json, phases, faults } = read(
      '[   10.919601] amd_iommu_report_page_fault: 96 callbacks suppressed\n[   10.919607] nvme 0000:01:00.0: AMD-Vi: Event logged [IO_PAGE_FAULT domain=0x0000 address=0xfc189000 flags=0x0000]\n',
    );
    expect(phases).toMatchObject([{ phase: 'suppressed', details: { count: 96 } }]);
    expect(json).toMatchObject([
      { bdf: '01:00.0', access: 'read', address: '0xfc189000', flags: '0x0', flagNames: [] },
    ]);
    expect(faults[0]).toMatchObject({ driver: 'nvme', segment: 0 });
    expect(faultJson(faults[0], true)).toMatchObject({ bdf: '0000:01:00.0' });
  });

  test('T12: the unit before the event, the segment in the device, no host name', () => {
    expect(
      read(
        'Jun 15 11:59:16   kernel: iommu ivhd0: AMD-Vi: Event logged [IOTLB_INV_TIMEOUT device=0000:0b:00.0 address=0x1002147e0]\n',
      ).json,
    ).toEqual([
      {
        line: 1,
        kernel: 0,
        vendor: 'amd',
        type: 'event',
        bdf: '0b:00.0',
        address: '0x1002147e0',
        event: 'IOTLB_INV_TIMEOUT',
        unit: 'ivhd0',
      },
    ]);
  });

  test('T13: a wrapped event with its device table entry, delta stamps', () => {
    const { json, faults, marks } = read(
      [
        '[  +0.000108] iommu ivhd0: AMD-Vi: Event logged [ILLEGAL_DEV_TABLE_ENTRY device=c0:00.1 pasid=0x00000 ',
        'address=0xfffffffdf8140000 flags=0x0008]',
        '[  +0.000003] AMD-Vi: DTE[0]: 6190000000000003',
        '[  +0.000001] AMD-Vi: DTE[1]: 0000100103fb0003',
        '[  +0.000001] AMD-Vi: DTE[2]: 2000000117840013',
        '[  +0.000001] AMD-Vi: DTE[3]: 0000000000000000',
      ].join('\n'),
    );
    expect(json).toEqual([
      {
        line: 1,
        kernel: 0,
        vendor: 'amd',
        type: 'event',
        bdf: 'c0:00.1',
        pasid: 0,
        address: '0xfffffffdf8140000',
        event: 'ILLEGAL_DEV_TABLE_ENTRY',
        flags: '0x8',
        flagNames: ['I'],
        raw: ['0x6190000000000003', '0x100103fb0003', '0x2000000117840013', '0x0'],
        unit: 'ivhd0',
      },
    ]);
    expect(faults[0].dump).toHaveLength(1);
    expect(marks.filter((mark) => mark.kind === 'dump').at(-1)?.text).toContain('V=1 TV=1');
  });

  test('the seed of 4.9: identity maps of the device before its fault', () => {
    const { phases } = read(
      'DMAR: Setting identity map for device 0000:02:00.0 [0xe8000 - 0xe8fff]\n',
    );
    expect(phases).toMatchObject([
      {
        phase: 'bring-up',
        event: 'identity-map',
        details: { device: '0000:02:00.0', start: 0xe8000n, end: 0xe8fffn },
      },
    ]);
  });

  test('negative: Xen’s wording is not taken for Linux’s', () => {
    const { faults, notes } = read(
      '(XEN) [VT-D]INTR-REMAP: Request device [0000:00:1d.0] fault index 2a, iommu reg = ffff82c3ffd57000\n(XEN) [VT-D]INTR-REMAP: reason 22 - Present field in the IRTE entry is clear\n',
    );
    expect(faults).toEqual([]);
    expect(notes).toMatchObject([{ id: 'unparsed', line: 1, offset: 0 }]);
  });
});
