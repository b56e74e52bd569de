/** Golden vectors of the structures in memory: real entries, and examples worked out from the figures. */
import type { Layout } from '../../../core/bits/layout.ts';
import { DESCRIPTORS_128, DESCRIPTORS_256, PAGE_REQUEST } from '../../../core/vtd/descriptors.ts';
import { FAULT_RECORD } from '../../../core/vtd/fault-records.ts';
import {
  IRTE_POSTED,
  IRTE_REMAPPED,
  IRTE_REMAPPED_EXTENDED,
  POSTED_INTERRUPT_DESCRIPTOR,
} from '../../../core/vtd/interrupt-entries.ts';
import {
  FIRST_STAGE_PAGES,
  FIRST_STAGE_TABLES,
  SECOND_STAGE_PAGES,
  SECOND_STAGE_TABLES,
} from '../../../core/vtd/paging.ts';
import {
  CONTEXT_ENTRY,
  PASID_DIRECTORY_ENTRY,
  PASID_TABLE_ENTRY,
  ROOT_ENTRY,
  SCALABLE_CONTEXT_ENTRY,
  SCALABLE_ROOT_ENTRY,
} from '../../../core/vtd/tables.ts';

interface GoldenLayout {
  readonly layout: Layout;
  readonly words: readonly bigint[];
  /** Fields that are not zero; an address field as the address. */
  readonly fields: Readonly<Record<string, bigint>>;
  readonly source: string;
}

/** A descriptor in both widths: in a queue of 256-bit descriptors it is padded with zeros (§6.5.2.1). */
function descriptor(
  type: number,
  words: readonly [bigint, bigint],
  fields: GoldenLayout['fields'],
  source: string,
): GoldenLayout[] {
  return [
    { layout: DESCRIPTORS_128.get(type)!, words, fields, source },
    { layout: DESCRIPTORS_256.get(type)!, words: [...words, 0n, 0n], fields, source },
  ];
}

export const GOLDEN_LAYOUTS: readonly GoldenLayout[] = [
  {
    layout: ROOT_ENTRY,
    words: [0x25d_2001n, 0n],
    fields: { P: 1n, CTP: 0x25d_2000n },
    source: '§9.1: P bit 0, CTP bits 63:12',
  },
  {
    layout: SCALABLE_ROOT_ENTRY,
    words: [0x1_0000_2001n, 0x3001n],
    fields: { LP: 1n, LCTP: 0x1_0000_2000n, UP: 1n, UCTP: 0x3000n },
    source: '§9.2: lower half for devices 0 to 15, upper half for 16 to 31',
  },
  {
    layout: CONTEXT_ENTRY,
    words: [0x25e_1001n, 0x301n],
    fields: { P: 1n, SSPTPTR: 0x25e_1000n, AW: 1n, DID: 3n },
    source: 'capture intel-6.1, 00:03.0 before the crash; §9.3',
  },
  {
    layout: CONTEXT_ENTRY,
    words: [0xbn, 0xffff_0an | (8n << 3n)],
    fields: { P: 1n, FPD: 1n, TT: 2n, AW: 2n, 'ignored 70:67': 9n, DID: 0xffffn },
    source: '§9.3: pass-through, 48 bits, all of DID',
  },
  {
    layout: SCALABLE_CONTEXT_ENTRY,
    words: [0x1c4_0e1dn, 0x10_0007n, 0n, 0n],
    fields: {
      P: 1n,
      DTE: 1n,
      PASIDE: 1n,
      PRE: 1n,
      PDTS: 7n,
      PASIDDIRPTR: 0x1c4_0000n,
      RID_PASID: 7n,
      RID_PRIV: 1n,
    },
    source: '§9.4: PDTS bits 11:9, RID_PASID 83:64, RID_PRIV 84',
  },
  {
    layout: PASID_DIRECTORY_ENTRY,
    words: [0x1c4_3003n],
    fields: { P: 1n, FPD: 1n, SMPTBLPTR: 0x1c4_3000n },
    source: '§9.5',
  },
  {
    layout: PASID_TABLE_ENTRY,
    words: [0x49n, 2n, 0x1c4_5000n, 0n, 0n, 0n, 0n, 0n],
    fields: { P: 1n, AW: 2n, PGTT: 1n, DID: 2n, FSPTPTR: 0x1c4_5000n },
    source: 'capture intel-6.12-sm, 00:00.0 PASID 0; §9.6',
  },
  {
    layout: PASID_TABLE_ENTRY,
    words: [0xabc_d285n, 0x1111_2222_0180_0011n, 0x77_70b7n, 0n, 0n, 0n, 0n, 0n],
    fields: {
      P: 1n,
      AW: 1n,
      PGTT: 2n,
      SSADE: 1n,
      SSPTPTR: 0xabc_d000n,
      DID: 0x11n,
      PWSNP: 1n,
      PGSNP: 1n,
      PAT: 0x1111_2222n,
      SRE: 1n,
      ERE: 1n,
      FSPM: 1n,
      WPE: 1n,
      NXE: 1n,
      EAFE: 1n,
      FSPTPTR: 0x77_7000n,
    },
    source: '§9.6: second-stage with SSADE (bit 9), PWSNP 87, PGSNP 88, SRE 128 to EAFE 135',
  },
  {
    layout: SCALABLE_CONTEXT_ENTRY,
    words: [0x1c4_0065n, 0n, 0n, 0n],
    fields: { P: 1n, DTE: 1n, HPTE: 1n, EPTR: 1n, PASIDDIRPTR: 0x1c4_0000n },
    source: '§9.4: HPTE bit 5, EPTR bit 6',
  },
  {
    layout: PASID_TABLE_ENTRY,
    words: [0x81n, 3n, 0n, 0n, 0x7_6543_2007n, 0x9n, 0n, 0n],
    fields: { P: 1n, PGTT: 2n, DID: 3n, HPTSZ: 3n, HPTPFD: 1n, HPTPTR: 0x7_6543_2000n, HPTDID: 9n },
    source: '§9.6: HPTSZ 257:256, HPTPFD 258, HPTPTR from 268, HPTDID 335:320',
  },
  {
    layout: SECOND_STAGE_TABLES.get(5)!,
    words: [0x25e_2103n],
    fields: { R: 1n, W: 1n, A: 1n, ADDR: 0x25e_2000n },
    source: '§9.8, table 41: SS-PML5E, A bit 8',
  },
  {
    layout: SECOND_STAGE_TABLES.get(3)!,
    words: [0x25e_5003n],
    fields: { R: 1n, W: 1n, ADDR: 0x25e_5000n },
    source: '§9.8, table 44: SS-PDPE as Linux writes it',
  },
  {
    layout: SECOND_STAGE_TABLES.get(2)!,
    words: [0xf_ffff_ffff_f001n],
    fields: { R: 1n, ADDR: 0xf_ffff_ffff_f000n },
    source: '§9.8, table 46: SS-PDE, all of ADDR (bits 51:12)',
  },
  {
    layout: SECOND_STAGE_TABLES.get(4)!,
    words: [0x25e_3003n],
    fields: { R: 1n, W: 1n, ADDR: 0x25e_3000n },
    source: '§9.8, table 42: SS-PML4E as Linux writes it',
  },
  {
    layout: SECOND_STAGE_PAGES.get(1)!,
    words: [0x8000_0000_203a_5803n],
    fields: { R: 1n, W: 1n, SNP: 1n, ADDR: 0x203a_5000n, 'ignored 63': 1n },
    source: '§9.8: SS-PTE with SNP (bit 11)',
  },
  {
    layout: SECOND_STAGE_PAGES.get(2)!,
    words: [0x4020_0083n],
    fields: { R: 1n, W: 1n, PS: 1n, ADDR: 0x4020_0000n },
    source: '§9.8: SS-PDE that maps 2 MiB, address bits 51:21',
  },
  {
    layout: SECOND_STAGE_PAGES.get(3)!,
    words: [0x1_c000_00fdn],
    fields: { R: 1n, X: 1n, EMT: 7n, IPAT: 1n, PS: 1n, ADDR: 0x1_c000_0000n },
    source: '§9.8: SS-PDPE that maps 1 GiB, address bits 51:30',
  },
  {
    layout: FIRST_STAGE_TABLES.get(5)!,
    words: [0x24c_7427n],
    fields: { P: 1n, 'R/W': 1n, 'U/S': 1n, A: 1n, EA: 1n, ADDR: 0x24c_7000n },
    source: '§9.7, table 34: FS-PML5E, EA bit 10',
  },
  {
    layout: FIRST_STAGE_TABLES.get(3)!,
    words: [0x24c_9025n],
    fields: { P: 1n, 'U/S': 1n, A: 1n, ADDR: 0x24c_9000n },
    source: '§9.7, table 37: FS-PDPE, read only',
  },
  {
    layout: FIRST_STAGE_TABLES.get(2)!,
    words: [0x24c_a023n],
    fields: { P: 1n, 'R/W': 1n, A: 1n, ADDR: 0x24c_a000n },
    source: '§9.7, table 39: FS-PDE, supervisor only',
  },
  {
    layout: FIRST_STAGE_TABLES.get(4)!,
    words: [0x24c_8027n],
    fields: { P: 1n, 'R/W': 1n, 'U/S': 1n, A: 1n, ADDR: 0x24c_8000n },
    source: '§9.7: FS-PML4E as Linux writes it',
  },
  {
    layout: FIRST_STAGE_PAGES.get(1)!,
    words: [0x8000_0001_2345_6067n],
    fields: { P: 1n, 'R/W': 1n, 'U/S': 1n, A: 1n, D: 1n, ADDR: 0x1_2345_6000n, XD: 1n },
    source: '§9.7: FS-PTE, XD bit 63',
  },
  {
    layout: FIRST_STAGE_PAGES.get(2)!,
    words: [0x20_1187n],
    fields: { P: 1n, 'R/W': 1n, 'U/S': 1n, PS: 1n, G: 1n, PAT: 1n, ADDR: 0x20_0000n },
    source: '§9.7: FS-PDE that maps 2 MiB, PAT bit 12',
  },
  {
    layout: FIRST_STAGE_PAGES.get(3)!,
    words: [0x4000_0485n],
    fields: { P: 1n, 'U/S': 1n, PS: 1n, EA: 1n, ADDR: 0x4000_0000n },
    source: '§9.7: FS-PDPE that maps 1 GiB',
  },
  {
    layout: IRTE_REMAPPED,
    words: [0x100_0023_000dn, 0x4_ff00n],
    fields: { P: 1n, DM: 1n, RH: 1n, V: 0x23n, DST: 1n, SID: 0xff00n, SVT: 1n },
    source: 'capture intel-6.1, entry 0; §9.9 with EIME = 0: destination in bits 47:40',
  },
  {
    layout: IRTE_REMAPPED_EXTENDED,
    words: [0x1234_5678_00ef_0003n | (5n << 5n), 0xa_0208n],
    fields: { P: 1n, FPD: 1n, DLM: 5n, V: 0xefn, DST: 0x1234_5678n, SID: 0x208n, SQ: 2n, SVT: 2n },
    source: '§9.9 with EIME = 1: destination in bits 63:32',
  },
  {
    layout: IRTE_POSTED,
    words: [(0x3ff_ffffn << 38n) | 0x33_c001n, (0xabcdn << 32n) | 0x4_0300n],
    fields: {
      P: 1n,
      URG: 1n,
      IM: 1n,
      VV: 0x33n,
      PDA: (0xabcdn << 32n) | (0x3ff_ffffn << 6n),
      SID: 0x300n,
      SVT: 1n,
    },
    source: '§9.10: descriptor address in bits 63:38 and 127:96',
  },
  {
    layout: POSTED_INTERRUPT_DESCRIPTOR,
    words: [1n << 33n, 0n, 0n, 1n << 63n, (0x200n << 32n) | (0xf2n << 16n) | 1n, 0n, 0n, 0n],
    fields: { PIR0: 1n << 33n, PIR3: 1n << 63n, ON: 1n, NV: 0xf2n, NDST: 0x200n },
    source: '§9.11',
  },
  ...descriptor(
    1,
    [0x2_0300_0007_0031n, 0n],
    { TYPE: 1n, G: 3n, DID: 7n, SID: 0x300n, FM: 2n },
    '§6.5.2.1: context-cache, device-selective',
  ),
  ...descriptor(
    2,
    [0x9_00f2n, 0xffff_c042n],
    { TYPE: 2n, G: 3n, DW: 1n, DR: 1n, DID: 9n, AM: 2n, IH: 1n, ADDR: 0xffff_c000n },
    '§6.5.2.3: IOTLB, page-selective',
  ),
  ...descriptor(
    3,
    [0x0010_0300_0004_3003n, 0x7fff_f001n],
    { TYPE: 3n, PFSID: 0x13n, MIP: 4n, SID: 0x300n, S: 1n, ADDR: 0x7fff_f000n },
    '§6.5.2.5: Device-TLB, PFSID in bits 15:12 and 63:52',
  ),
  ...descriptor(
    4,
    [0x2a_1800_0014n, 0n],
    { TYPE: 4n, G: 1n, IM: 3n, IIDX: 42n },
    '§6.5.2.8: interrupt entry cache, index-selective',
  ),
  ...descriptor(
    5,
    [0x2_0000_0025n, 0x100_1004n],
    { TYPE: 5n, SW: 1n, STDATA: 2n, STADDR: 0x100_1004n },
    '§6.5.2.9: wait with status write, as Linux queues it',
  ),
  ...descriptor(
    6,
    [0x5_0008_0026n, 0n],
    { TYPE: 6n, G: 2n, DID: 8n, PASID: 5n },
    '§6.5.2.4: PASID-based IOTLB, all of a PASID',
  ),
  ...descriptor(
    7,
    [0x5_0008_0017n, 0n],
    { TYPE: 7n, G: 1n, DID: 8n, PASID: 5n },
    '§6.5.2.2: PASID-cache, PASID-selective',
  ),
  ...descriptor(
    8,
    [0x0000_0005_0300_1048n, 0x7fff_f801n],
    {
      TYPE: 8n,
      MIP: 4n,
      PFSID: 1n,
      SID: 0x300n,
      PASID: 5n,
      GI: 1n,
      S: 1n,
      ADDR: 0x7fff_f000n,
    },
    '§6.5.2.6: PASID-based Device-TLB',
  ),
  ...descriptor(
    9,
    [0x5_0300_1019n, 0x1cn],
    { TYPE: 9n, PP: 1n, RC: 1n, RID: 0x300n, PASID: 5n, LPIG: 1n, PRGI: 3n },
    '§7.6.1: page group response',
  ),
  ...descriptor(
    10,
    [0x0005_003an, 0x7fff_f0c9n],
    { TYPE: 10n, G: 3n, HPTDID: 5n, AM: 9n, IH: 3n, ADDR: 0x7fff_f000n },
    '§6.5.2.7: host permission table cache, page-selective, all levels',
  ),
  ...descriptor(0, [0xe05n, 0n], { TYPE: 0x75n }, '§6.5.2: a type that nothing has, 75h'),
  {
    layout: PAGE_REQUEST,
    words: [0x30_0005_0300_0101n, 0x7fff_f01fn, 0xaan, 0xbbn],
    fields: {
      TYPE: 1n,
      PP: 1n,
      RID: 0x300n,
      PASID: 5n,
      EXR: 1n,
      PMR: 1n,
      RDR: 1n,
      WRR: 1n,
      LPIG: 1n,
      PRGI: 3n,
      ADDR: 0x7fff_f000n,
      PRIVATE0: 0xaan,
      PRIVATE1: 0xbbn,
    },
    source: '§7.4.1.1: as Linux prints it: rid 31:16, addr 127:76, PRGI 75:67',
  },
  {
    layout: FAULT_RECORD,
    words: [0xdea_f000n, 0x4000_0306_8000_0030n],
    fields: { FI: 0xdea_f000n, SID: 0x30n, PP: 1n, FR: 6n, PV: 3n, T: 1n },
    source: 'revision 3.1, §9.9: a read of 00:06.0 with PASID 3',
  },
];
