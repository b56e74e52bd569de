import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { addressOf, valueOf } from '../../../core/bits/layout.ts';
import {
  parseAmdCapability,
  parseAmdCommands,
  parseAmdDeviceTable,
  parseAmdInterrupts,
  parseAmdMmio,
} from '../../../core/imports/amd.ts';
import { identifyImport, type ImportKind } from '../../../core/imports/identify.ts';
import {
  parseInterruptTranslation,
  parseInvalidationQueue,
} from '../../../core/imports/intel-interrupts.ts';
import { parseIommuRegset } from '../../../core/imports/intel-registers.ts';
import {
  parseDmarTranslation,
  parseDomainTranslation,
} from '../../../core/imports/intel-tables.ts';
import { formatBdf } from '../../../core/format/bdf.ts';

// Texts follow the print formats of Linux's drivers/iommu/{intel,amd}/debugfs.c, 5.18 to 7.1.
const w = (value: bigint, width = 16): string => value.toString(16).padStart(width, '0');

const REGSET = [
  'IOMMU: dmar0 Register Base Address: 26be37000',
  'Name\t\t\tOffset\t\tContents',
  'VER             \t0x00\t\t0x0000000000000010',
  'GCMD            \t0x18\t\t0x0000000000000000',
  'GSTS            \t0x1c\t\t0x00000000c7000000',
  'FSTS            \t0x34\t\t0x0000000000000000',
  'CAP             \t0x08\t\t0x00d2008c22260206',
  'RTADDR          \t0x20\t\t0x0000000103028000',
  'MTRRCAP         \t0x100\t\t0x0000000000000000',
  'MTRR_PHYSMASK9  \t0x218\t\t0x0123456789abcdef',
  '',
  'IOMMU: dmar1 Register Base Address: fed90000',
  'Name\t\t\tOffset\t\tContents',
  'GSTS            \t0x1c\t\t0x0000000087000000',
  '',
].join('\n');

const DMAR = [
  'IOMMU dmar0: Root Table Address: 0x103028000',
  'B.D.F\tRoot_entry\t\t\t\tContext_entry\t\t\t\tPASID\tPASID_table_entry',
  `00:0a.0\t0x${w(0n)}:0x${w(0x1017f9001n)}\t0x${w(0n)}:0x${w(0x10a3c4005n)}\t0     \t0x${w(0n)}:0x${w(0x0000000000000001n)}:0x${w(0x000000010a3d2085n)}`,
  `80:14.0\t0x${w(0x22222001n)}:0x${w(0n)}\t0x${w(0n)}:0x${w(0x10a3c5005n)}\t1     \t0x${w(0n)}:0x${w(0n)}:0x${w(0x85n)}`,
  '',
  'DMA Remapping is not enabled on dmar1',
  'IOMMU dmar2: Root Table Address: 0x25d1000',
  'B.D.F\tRoot_entry\t\t\t\tContext_entry\t\t\t\tPASID\tPASID_table_entry',
  `02:00.1\t0x${w(0n)}:0x${w(0x2a01001n)}\t0x${w(0xa01n)}:0x${w(0x2bb6001n)}\t-1    \t0x${w(0n)}:0x${w(0n)}:0x${w(0n)}`,
].join('\n');

const DOMAIN_OLD = [
  'Device 0000:00:02.0 @0x1017f8000',
  'IOVA_PFN\t\tPML5E\t\t\tPML4E\t\t\tPDPE\t\t\tPDE\t\t\tPTE',
  `0x000000008d800 |\t0x${w(0n)}\t0x${w(0n)}\t0x${w(0x1017f9003n)}\t0x${w(0x8d800083n)}\t0x${w(0n)}`,
  `0x00000000fffff |\t0x${w(0n)}\t0x${w(0n)}\t0x${w(0x1017fa003n)}\t0x${w(0x1017fb003n)}\t0x${w(0x42f003n)}`,
].join('\n');

const DOMAIN_NEW = [
  'Device 0000:00:02.0 with pasid 1a @0x1017f8000',
  '',
  'IOVA_PFN\t\tPML5E\t\t\tPML4E\t\t\tPDPE\t\t\tPDE\t\t\tPTE',
  `0x000000008d800 |\t0x${w(0n)}\t0x${w(0x1017f9003n)}\t0x${w(0x1017fa003n)}\t0x${w(0x8d800083n)}`,
  `0x00000000c0000 |\t0x${w(0n)}\t0x${w(0x1017f9003n)}\t0x${w(0x40000083n)}`,
].join('\n');

const IRQ = [
  'Remapped Interrupt supported on IOMMU: dmar0',
  ' IR table address:100900000',
  ' Entry SrcID   DstID    Vct IRTE_high\t\tIRTE_low',
  ' 0     00:0a.0 00000080 24  0000000000040050\t000000800024000d',
  ' 12    f0:1f.0 00000100 ef  00000000000400f8\t0000010000ef000d',
  '',
  'Remapped Interrupt supported on IOMMU: dmar1',
  'Interrupt Remapping is not enabled',
  '',
  '****',
  '',
  'Posted Interrupt supported on IOMMU: dmar0',
  ' IR table address:100900000',
  ' Entry SrcID   PDA_high PDA_low  Vct IRTE_high\t\tIRTE_low',
  ' 4     43:00.0 00000010 40c7c880 41  0000001000044300\t40c7c88000418001',
].join('\n');

const QUEUE = [
  'Invalidation queue on IOMMU: dmar0',
  ' Base: 0x10022e000\tHead: 20\tTail: 21',
  'Index\t\tqw0\t\t\tqw1\t\t\tstatus',
  '    0\t0000000000000014\t0000000000000000\t0000000000000002',
  '   20\t0000000200000025\t0000000100059c04\t0000000000000001',
  'Invalidation queue on IOMMU: dmar1',
  ' Base: 0x10026e000\tHead: 1\tTail: 1',
  'Index\t\tqw0\t\t\tqw1\t\t\tqw2\t\t\tqw3\t\t\tstatus',
  '    1\t0000000000000014\t0000000000000000\t0000000000000000\t0000000000000000\t0000000000000000',
].join('\n');

const CMDBUF = [
  'CMD Buffer Head Offset:339 Tail Offset:340',
  '  0: 00835001 10000001 00003c00 00000000',
  '  1: 00000000 30000005 fffff003 7fffffff',
].join('\n');

const DEVTBL = [
  'DeviceId             QWORD[3]         QWORD[2]         QWORD[1]         QWORD[0] iommu',
  '0000:01:00.0 0000000000000000 20000001373b8013 0000000000000038 6000000114d7b603 iommu3',
].join('\n');

const IRQTBL = [
  'DeviceId 0000:01:00.0',
  'IRT[0010] 0000000000000020 0000000000000241',
  'DeviceId 0000:02:00.0',
  'IRT[0003] 00240121',
].join('\n');

const MMIO = [
  '==> /sys/kernel/debug/iommu/amd/iommu00/mmio <==',
  'Offset:0x18 Value:0x000c22000003f48d',
  '==> /sys/kernel/debug/iommu/amd/iommu01/mmio <==',
  'Offset:0x18 Value:0x000c22000003f48c',
  'Offset:0x2000 Value:0x0000000000000150',
].join('\n');

const CAPABILITY = 'Offset:0x10 Value:0x00203040\nOffset:0x0 Value:0x190b640f\n';

describe('a debugfs text is known by its content', () => {
  it.each<[ImportKind, string]>([
    ['iommu_regset', REGSET],
    ['dmar_translation_struct', DMAR],
    ['dmar_translation_struct', 'DMA Remapping is not enabled on dmar1\n'],
    ['domain_translation_struct', DOMAIN_OLD],
    ['domain_translation_struct', DOMAIN_NEW],
    ['ir_translation_struct', IRQ],
    ['invalidation_queue', QUEUE],
    ['amd-mmio', MMIO],
    ['amd-capability', CAPABILITY],
    ['amd-cmdbuf', CMDBUF],
    ['amd-devtbl', DEVTBL],
    ['amd-irqtbl', IRQTBL],
  ])('%s', (kind, text) => {
    expect(identifyImport(text)).toBe(kind);
    expect(identifyImport(text.replaceAll('\n', '\r\n'))).toBe(kind);
  });

  it('not so: latency figures under the same heading, a console log that quotes a file, prose', () => {
    expect(
      identifyImport('IOMMU: dmar0 Register Base Address: 26be37000\n  <0.1us   <1us\n'),
    ).toBeUndefined();
    const log = REGSET.split('\n')
      .map((line, at) => `[    1.${String(at).padStart(6, '0')}] systemd[1]: text\n${line}`)
      .join('\n');
    expect(identifyImport(log)).toBeUndefined();
    expect(identifyImport('Dear all,\nthe IOMMU faults again.\n')).toBeUndefined();
    expect(identifyImport('')).toBeUndefined();
  });
});

describe('iommu_regset', () => {
  it('gives registers per unit, each as wide as it is', () => {
    const { units, findings } = parseIommuRegset(REGSET);
    expect(units.map(({ name, base }) => [name, base])).toEqual([
      ['dmar0', 0x2_6be3_7000n],
      ['dmar1', 0xfed9_0000n],
    ]);
    const [first, second] = units;
    expect(first.registers.read(0x1c, 32)?.value).toBe(0xc700_0000n);
    expect(first.registers.read(0x08, 64)?.value).toBe(0xd2_008c_2226_0206n);
    expect(first.registers.read(0x20, 64)?.value).toBe(0x1_0302_8000n);
    expect(first.registers.read(0x218, 64)?.value).toBe(0x123_4567_89ab_cdefn);
    // A 32-bit register printed 64 bits wide says nothing of what stands behind it.
    expect(first.registers.read(0x38, 32)).toBeUndefined();
    expect(first.registers.read(0x04, 32)).toBeUndefined();
    expect(second.registers.read(0x20, 64)).toBeUndefined();
    expect(findings).toEqual([]);
  });

  it('says what it leaves out: an odd offset, bits beyond a register, a unit told of twice', () => {
    const text = `${REGSET}\n${REGSET}\nIOMMU: dmar9 Register Base Address: 0\nODD \t0x1d\t\t0x0000000000000001\nFSTS \t0x34\t\t0x0000000100000000\n`;
    expect(parseIommuRegset(text).findings.map(({ id }) => id)).toEqual([
      'unit-repeated',
      'unit-repeated',
      'register-offset',
      'register-too-wide',
    ]);
  });

  it('any register values come back', () => {
    const word = fc.bigInt({ min: 0n, max: (1n << 64n) - 1n });
    fc.assert(
      fc.property(word, word, fc.bigInt({ min: 0n, max: 0xffff_ffffn }), (cap, root, gsts) => {
        const text = `IOMMU: dmar3 Register Base Address: fed90000\nGSTS\t0x1c\t\t0x${w(gsts)}\nCAP\t0x08\t\t0x${w(cap)}\nRTADDR\t0x20\t\t0x${w(root)}\n`;
        const { registers } = parseIommuRegset(text).units[0];
        expect(registers.read(0x08, 64)?.value).toBe(cap);
        expect(registers.read(0x20, 64)?.value).toBe(root);
        expect(registers.read(0x1c, 32)?.value).toBe(gsts);
      }),
    );
  });
});

describe('dmar_translation_struct', () => {
  const units = parseDmarTranslation(DMAR);

  it('gives units, and those with remapping off', () => {
    expect(units.map(({ name, enabled, rootTable }) => [name, enabled, rootTable])).toEqual([
      ['dmar0', true, 0x1_0302_8000n],
      ['dmar1', false, undefined],
      ['dmar2', true, 0x25d_1000n],
    ]);
  });

  it('legacy: root and context entry with their addresses, no PASID', () => {
    const [row] = units[2].rows;
    expect(formatBdf(row.bdf.id)).toBe('02:00.1');
    expect(row.pasid).toBeUndefined();
    expect(row.root.address).toBe(0x25d_1020n);
    expect(row.context.address).toBe(0x2a0_1010n);
    expect(row.context.words).toEqual([0x2bb_6001n, 0xa01n]);
    expect(row.context.layout.name).toBe('context entry');
    expect(valueOf(row.context.layout, row.context.words, 'DID')).toBe(10n);
  });

  it('scalable: a device from 80h on stands in the upper context table; three words of the PASID entry are told', () => {
    const [low, high] = units[0].rows;
    expect(low.context.address).toBe(0x1_017f_9000n + 0x50n * 32n);
    expect(high.context.address).toBe(0x2222_2000n + 0x20n * 32n);
    expect(high.pasid).toBe(1);
    expect(low.pasidEntry?.words).toEqual([0x1_0a3d_2085n, 1n, 0n]);
    expect(valueOf(low.pasidEntry!.layout, low.pasidEntry!.words, 'PGTT')).toBe(2n);
  });
});

describe('domain_translation_struct', () => {
  it.each([
    ['of older kernels: five columns, a superpage has zeros', DOMAIN_OLD, undefined, [2, 1]],
    ['of newer ones: a superpage ends the row, the PASID is named', DOMAIN_NEW, 0x1a, [2, 3]],
  ] as const)('%s', (_, text, pasid, levels) => {
    const [table] = parseDomainTranslation(text);
    expect(table.device).toBe('0000:00:02.0');
    expect(table.pasid).toBe(pasid);
    expect(table.pageTable).toBe(0x1_017f_8000n);
    expect(table.rows.map(({ leafLevel }) => leafLevel)).toEqual(levels);
    expect(table.rows[0].iova).toBe(0x8d80_0000n);
    expect(table.rows[0].path.at(-1)).toEqual({ level: 2, entry: 0x8d80_0083n });
  });
});

describe('ir_translation_struct', () => {
  const units = parseInterruptTranslation(IRQ);

  it('gives remapped and posted entries of a unit together', () => {
    expect(units.map(({ name, table }) => [name, table])).toEqual([
      ['dmar0', 0x1_0090_0000n],
      ['dmar1', undefined],
    ]);
    expect(
      units[0].rows.map(({ index, source, vector, destination, postedDescriptor }) => [
        index,
        formatBdf(source.id),
        vector,
        destination,
        postedDescriptor,
      ]),
    ).toEqual([
      [0, '00:0a.0', 0x24, 0x80n, undefined],
      [12, 'f0:1f.0', 0xef, 0x100n, undefined],
      [4, '43:00.0', 0x41, undefined, 0x10_40c7_c880n],
    ]);
  });

  it('the raw words say the same as the columns', () => {
    const [row, , posted] = units[0].rows;
    expect(row.entry.words).toEqual([0x80_0024_000dn, 0x4_0050n]);
    expect(valueOf(row.entry.layout, row.entry.words, 'V')).toBe(0x24n);
    expect(units[0].rows[1].entry.address).toBe(0x1_0090_00c0n);
    expect(posted.entry.layout.name).toMatch(/posted/);
  });
});

describe('invalidation_queue', () => {
  it('gives descriptors of two words or of four; head and tail are decimal entry numbers', () => {
    const [first, second] = parseInvalidationQueue(QUEUE);
    expect([first.base, first.head, first.tail]).toEqual([0x1_0022_e000n, 20, 21]);
    expect(first.rows[1].entry.words).toEqual([0x2_0000_0025n, 0x1_0005_9c04n]);
    expect(first.rows[1].entry.address).toBe(0x1_0022_e140n);
    expect(first.rows[1].status).toBe(1n);
    expect(first.rows[1].entry.layout.name).toMatch(/wait/i);
    expect(second.rows[0].entry.words).toHaveLength(4);
    expect(second.rows[0].entry.address).toBe(0x1_0026_e020n);
  });
});

describe("AMD's files", () => {
  it('mmio: 64 bits at each offset, by unit', () => {
    const { units } = parseAmdMmio(MMIO);
    expect(units.map(({ name }) => name)).toEqual(['iommu00', 'iommu01']);
    expect(units[0].registers.read(0x18, 64)?.value).toBe(0xc_2200_0003_f48dn);
    expect(units[1].registers.read(0x2000, 64)?.value).toBe(0x150n);
    expect(units[0].registers.read(0x2000, 64)).toBeUndefined();
  });

  it('capability: 32 bits, and never taken for registers', () => {
    expect(parseAmdCapability(CAPABILITY)).toEqual([
      { unit: undefined, offset: 0x10, value: 0x20_3040 },
      { unit: undefined, offset: 0, value: 0x190b_640f },
    ]);
    expect(parseAmdMmio(CAPABILITY).units).toEqual([]);
  });

  it('cmdbuf: commands of four 32-bit words', () => {
    const [buffer] = parseAmdCommands(CMDBUF);
    expect([buffer.head, buffer.tail]).toEqual([339, 340]);
    expect(buffer.rows[0].entry.words).toEqual([0x1000_0001_0083_5001n, 0x3c00n]);
    expect(buffer.rows.map(({ entry }) => entry.layout.name)).toEqual([
      'COMPLETION_WAIT',
      'INVALIDATE_IOMMU_PAGES',
    ]);
  });

  it('devtbl: the highest word stands first', () => {
    const [row] = parseAmdDeviceTable(DEVTBL);
    expect([formatBdf(row.bdf.id), row.unit]).toEqual(['01:00.0', 'iommu3']);
    expect(row.entry.words[0]).toBe(0x6000_0001_14d7_b603n);
    expect(valueOf(row.entry.layout, row.entry.words, 'Mode')).toBe(3n);
    expect(valueOf(row.entry.layout, row.entry.words, 'DomainID')).toBe(0x38n);
    expect(addressOf(row.entry.layout, row.entry.words, 'HostPageTableRoot')).toBe(0x1_14d7_b000n);
  });

  it('irqtbl: entries of 128 and of 32 bits, the index decimal', () => {
    const [wide, narrow] = parseAmdInterrupts(IRQTBL);
    expect(wide.rows[0]).toMatchObject({ index: 10, format: 128 });
    expect(wide.rows[0].entry.words).toEqual([0x241n, 0x20n]);
    expect(narrow.rows[0]).toMatchObject({ index: 3, format: 32 });
    expect(narrow.rows[0].entry.words).toEqual([0x24_0121n]);
  });
});
