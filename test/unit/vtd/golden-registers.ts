/**
 * Golden vectors of the registers that every unit may have: values of captured machines, of real
 * units' boot messages, values after reset as each register's section gives them, and values worked
 * out from its figure.
 */
import type { GoldenRegister } from './golden.ts';
import { golden } from './golden.ts';

/** Values of the captures' register files, by offset, which the test looks up again. */
export const CAPTURED: readonly (GoldenRegister & {
  readonly capture: 'intel-6.1' | 'intel-5.10' | 'intel-6.12-sm';
  readonly offset: number;
})[] = [
  { capture: 'intel-6.1', offset: 0x00, ...golden('VER', 0x10n, { MAX: 1 }, 'capture') },
  {
    capture: 'intel-6.1',
    offset: 0x08,
    ...golden(
      'CAP',
      0xd2_008c_2226_0206n,
      {
        ND: 6,
        SAGAW: 2,
        MGAW: 38,
        FRO: 0x220,
        SSLPS: 3,
        PSI: 1,
        MAMV: 18,
        DWD: 1,
        DRD: 1,
      },
      'capture',
    ),
  },
  {
    capture: 'intel-6.12-sm',
    offset: 0x08,
    ...golden(
      'CAP',
      0x1d2_008c_222f_0606n,
      {
        ND: 6,
        SAGAW: 6,
        MGAW: 47,
        FRO: 0x220,
        SSLPS: 3,
        PSI: 1,
        MAMV: 18,
        DWD: 1,
        DRD: 1,
        FS1GP: 1,
      },
      'capture',
    ),
  },
  {
    capture: 'intel-6.12-sm',
    offset: 0x10,
    ...golden(
      'ECAP',
      0x8800_00f0_0f4an,
      { QI: 1, IR: 1, PT: 1, IRO: 0xf0, MHMV: 15, SMTS: 1, FSTS: 1 },
      'capture',
    ),
  },
  {
    capture: 'intel-6.1',
    offset: 0x1c,
    ...golden('GSTS', 0xc700_0000n, { IRTPS: 1, IRES: 1, QIES: 1, RTPS: 1, TES: 1 }, 'capture'),
  },
  {
    capture: 'intel-6.12-sm',
    offset: 0x20,
    ...golden('RTADDR', 0x1c2_e400n, { TTM: 1, RTA: 0x1c2_e000 }, 'capture'),
  },
  {
    capture: 'intel-5.10',
    offset: 0x3c,
    ...golden('FEDATA', 0x4021n, { IMD: 0x4021 }, 'capture'),
  },
  {
    capture: 'intel-6.1',
    offset: 0x40,
    ...golden('FEADDR', 0xfee0_1004n, { MA: 0xfee0_1004n }, 'capture'),
  },
  { capture: 'intel-6.1', offset: 0x80, ...golden('IQH', 0x240n, { QH: 0x240 }, 'capture') },
  { capture: 'intel-6.1', offset: 0x88, ...golden('IQT', 0x240n, { QT: 0x240 }, 'capture') },
  {
    capture: 'intel-6.12-sm',
    offset: 0x90,
    ...golden('IQA', 0x11f_6801n, { QS: 1, DW: 1, IQA: 0x11f_6000 }, 'capture'),
  },
  { capture: 'intel-6.1', offset: 0xa0, ...golden('IECTL', 0x8000_0000n, { IM: 1 }, 'capture') },
  {
    capture: 'intel-6.1',
    offset: 0xb8,
    ...golden('IRTA', 0x120_000fn, { S: 15, IRTA: 0x120_0000 }, 'capture'),
  },
  {
    capture: 'intel-6.1',
    offset: 0x220,
    ...golden(
      'FRCD0',
      0xff_ff05_0000_0030_0000_0000_0dea_f000n,
      { FI: 0xdea_f000, SID: 0x30, FR: 5, PV: 0xffff },
      'capture',
    ),
  },
  {
    capture: 'intel-6.12-sm',
    offset: 0x220,
    ...golden(
      'FRCD0',
      0x71_8000_0030_0000_0000_0dea_f000n,
      { FI: 0xdea_f000, SID: 0x30, PP: 1, FR: 0x71 },
      'capture',
    ),
  },
];

/** CAP and ECAP as Linux prints them for real units, and registers of its own values. */
const FROM_MESSAGES: readonly GoldenRegister[] = [
  golden(
    'CAP',
    0xd2_008c_4066_0462n,
    {
      ND: 2,
      PLMR: 1,
      PHMR: 1,
      SAGAW: 4,
      MGAW: 38,
      ZLR: 1,
      FRO: 0x400,
      SSLPS: 3,
      PSI: 1,
      MAMV: 18,
      DWD: 1,
      DRD: 1,
    },
    'boot message of a client unit: cap d2008c40660462 ecap f050da',
  ),
  golden(
    'ECAP',
    0xf0_50dan,
    { QI: 1, IR: 1, EIM: 1, PT: 1, SC: 1, IRO: 0x500, MHMV: 15 },
    'boot message of a client unit: cap d2008c40660462 ecap f050da',
  ),
  golden(
    'CAP',
    0x1c0_000c_4066_0462n,
    {
      ND: 2,
      PLMR: 1,
      PHMR: 1,
      SAGAW: 4,
      MGAW: 38,
      ZLR: 1,
      FRO: 0x400,
      SSLPS: 3,
      DWD: 1,
      DRD: 1,
      FS1GP: 1,
    },
    "boot message of a client's graphics unit (kernel-messages.md): cap 1c0000c40660462",
  ),
  golden(
    'ECAP',
    0x19e_2ff0_505en,
    {
      QI: 1,
      DT: 1,
      IR: 1,
      EIM: 1,
      PT: 1,
      IRO: 0x500,
      MHMV: 15,
      MTS: 1,
      NEST: 1,
      'reserved 24': 1,
      'reserved 27': 1,
      PRS: 1,
      NWFS: 1,
      EAFS: 1,
      PSS: 19,
      PASID: 1,
    },
    "boot message of a client's graphics unit: ecap 19e2ff0505e (bits 24 and 27 of the old extended mode)",
  ),
];

/** ECAP's later bits, and the same for every register that the machines above leave at zero. */
const BY_FIGURE: readonly GoldenRegister[] = [
  golden(
    'ECAP',
    0x7f84_0000_0000_0000n,
    {
      TDXCS: 1,
      HPTS: 1,
      PTRS: 1,
      SSIRWS: 1,
      SMS: 1,
      HPT1GPS: 1,
      RDTS: 1,
      EIMER: 1,
      IRREQ: 1,
    },
    'figure 11-3: bits that came with revisions 5.0 and 5.10',
  ),
  golden(
    'GCMD',
    0x4700_0000n,
    { SIRTP: 1, IRE: 1, QIE: 1, SRTP: 1 },
    "§11.4.4.1's sequence: GSTS without its one-shot bits, and the commands to give",
  ),
  golden('RTADDR', 0x1c80n, { SSIRWE: 1, TTM: 3, RTA: 0x1000 }, 'figure 11-6'),
  golden(
    'CCMD',
    0xe000_0003_0208_0005n,
    { DID: 5, SID: 0x208, FM: 3, CIRG: 3, ICC: 1 },
    'a device-selective invalidation as Linux writes it: ICC | DEVICE_INVL | FM | SID | DID',
  ),
  golden('IVA', 0x7fff_f049n, { AM: 9, IH: 1, ADDR: 0x7fff_f000 }, 'figure 11-9'),
  golden(
    'IOTLB',
    0xb203_0007_0000_0000n,
    { DID: 7, DW: 1, DR: 1, IAIG: 1, IIRG: 3, IVT: 1 },
    'a page-selective invalidation as Linux writes it (IVT | PSI_FLUSH | drains | DID), answered as global',
  ),
  golden(
    'FSTS',
    0x73n,
    { PFO: 1, PPF: 1, IQE: 1, ICE: 1, ITE: 1 },
    'figure 11-10; `handling fault status reg 73`',
  ),
  golden('FSTS', 0x302n, { PPF: 1, FRI: 3 }, 'figure 11-10: the first record is the fourth'),
  golden('FECTL', 0x8000_0000n, { IM: 1 }, '§11.4.7.2: value after reset'),
  golden('FEUADDR', 0x100n, { MUA: 0x100 }, '§5.1.6.2: APIC ID bits 31:8 of an x2APIC destination'),
  golden('AFLOG', 0x7fff_0600n, { FLS: 3, FLA: 0x7fff_0000 }, 'revision 3.1, figure of AFLOG'),
  golden('PMEN', 0x8000_0001n, { PRS: 1, EPM: 1 }, '§11.4.8.1: enabled, as firmware leaves it'),
  golden('PLMBASE', 0x10_0000n, { PLMB: 0x10_0000 }, '§11.4.8.2: from 1 MiB'),
  golden('PLMLIMIT', 0x7fe0_0000n, { PLML: 0x7fe0_0000 }, '§11.4.8.3'),
  golden('PHMBASE', 0x1_0000_0000n, { PHMB: 0x1_0000_0000n }, '§11.4.8.4: from 4 GiB'),
  golden('PHMLIMIT', 0x7f_ffe0_0000n, { PHML: 0x7f_ffe0_0000n }, '§11.4.8.5: 39 bits'),
  golden('ICS', 1n, { IWC: 1 }, '§11.4.9.4'),
  golden('IEDATA', 0x41n, { IMD: 0x41 }, '§11.4.9.6: vector 0x41'),
  golden('IEADDR', 0xfee0_2004n, { MA: 0xfee0_2004n }, '§11.4.9.7, §5.1.6.1: logical destination'),
  golden('IEUADDR', 0xffff_ff00n, { MUA: 0xffff_ff00n }, '§11.4.9.8'),
  golden(
    'IQERCD',
    0x0201_0300_0000_0004n,
    { IQEI: 4, ITESID: 0x300, ICESID: 0x201 },
    'figure 11-29; as Linux takes it apart (IQEI 3:0, ITESID 47:32, ICESID 63:48)',
  ),
  golden(
    'IRTA',
    0x1_2000_0807n,
    { S: 7, EIME: 1, IRTA: 0x1_2000_0000n },
    'figure 11-30: 256 entries, x2APIC',
  ),
  golden('PQH', 0x7_ffe0n, { PQH: 0x7_ffe0 }, 'figure 11-31: the last entry of 128 pages'),
  golden('PQT', 0x20n, { PQT: 0x20 }, 'figure 11-32: the second entry'),
  golden(
    'PQA',
    0x1_0345_6005n,
    { PQS: 5, PQA: 0x1_0345_6000n },
    "figure 11-33; Linux's queue of 32 pages",
  ),
  golden('PRS', 3n, { PPR: 1, PRO: 1 }, 'figure 11-34; DMA_PRS_PPR | DMA_PRS_PRO of Linux'),
  golden('PECTL', 0xc000_0000n, { IP: 1, IM: 1 }, 'figure 11-35: held back by the mask'),
  golden('PEDATA', 0x29n, { IMD: 0x29 }, 'figure 11-36'),
  golden('PEADDR', 0xfee0_000cn, { MA: 0xfee0_000cn }, 'figure 11-37'),
  golden('PEUADDR', 0x1_0000n, { MUA: 0x1_0000 }, 'figure 11-38'),
];

export const GLOBAL_REGISTERS: readonly GoldenRegister[] = [
  ...CAPTURED,
  ...FROM_MESSAGES,
  ...BY_FIGURE,
];
