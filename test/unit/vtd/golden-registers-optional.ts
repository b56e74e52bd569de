/** Golden vectors of the registers of memory types, performance monitoring and commands. */
import type { GoldenRegister } from './golden.ts';
import { golden } from './golden.ts';

/**
 * The processors' MTRRs of the same names have the same form, and MTRRCAP must equal theirs
 * (§11.4.12.1). Memory of 100 MiB as volume 3 of Intel's manual lays it out in its example
 * (§12.11.3); then a machine of QEMU with SeaBIOS.
 */
const MANUAL = "Intel's manual, volume 3, example of a system with 96 MiB and a 4 MiB cached hole";
const SEABIOS = 'SeaBIOS on QEMU, IA32_MTRR of the same name';
const VARIABLE: readonly (readonly [base: bigint, type: number, at: bigint, mask: bigint])[] = [
  [0x0000_0006n, 6, 0n, 0xf_fc00_0800n],
  [0x0400_0006n, 6, 0x400_0000n, 0xf_fe00_0800n],
  [0x0600_0006n, 6, 0x600_0000n, 0xf_ffc0_0800n],
  [0x0400_0000n, 0, 0x400_0000n, 0xf_ffc0_0800n],
  [0x00f0_0000n, 0, 0xf0_0000n, 0xf_fff0_0800n],
  [0xa000_0001n, 1, 0xa000_0000n, 0xf_ff80_0800n],
  [0xc000_0000n, 0, 0xc000_0000n, 0xff_c000_0800n],
  [0x8_0000_0004n, 4, 0x8_0000_0000n, 0xf_8000_0800n],
  [0xf_ffff_f005n, 5, 0xf_ffff_f000n, 0xf_ffff_f800n],
  [0xf_ffff_ffff_f006n, 6, 0xf_ffff_ffff_f000n, 0xf_ffff_ffff_f800n],
];
const variableSource = (pair: number): string =>
  pair < 6 ? MANUAL : pair === 6 ? SEABIOS : 'figure 11-42';

/** All eight sub-ranges of one type. */
const all = (type: number): Record<string, number> =>
  type === 0
    ? {}
    : Object.fromEntries(Array.from({ length: 8 }, (_, range) => [`R${range}`, type]));
const WRITE_BACK = 0x0606_0606_0606_0606n;
const PROTECTED = 0x0505_0505_0505_0505n;

const MEMORY_TYPES: readonly GoldenRegister[] = [
  golden('MTRRCAP', 0x508n, { VCNT: 8, FIX: 1, WC: 1 }, "QEMU's IA32_MTRRCAP"),
  golden('MTRRDEF', 0xc06n, { TYPE: 6, FE: 1, E: 1 }, 'SeaBIOS on QEMU, IA32_MTRR_DEF_TYPE'),
  golden('MTRR_FIX64K_00000', WRITE_BACK, all(6), SEABIOS),
  golden('MTRR_FIX16K_80000', WRITE_BACK, all(6), SEABIOS),
  golden('MTRR_FIX16K_A0000', 0n, all(0), `${SEABIOS}: the VGA window is uncacheable`),
  golden('MTRR_FIX4K_C0000', PROTECTED, all(5), 'write protected ROM, table 50'),
  golden('MTRR_FIX4K_C8000', PROTECTED, all(5), 'write protected ROM, table 50'),
  golden('MTRR_FIX4K_D0000', 0n, all(0), 'table 50: no memory'),
  golden('MTRR_FIX4K_D8000', 0x0006_0000_0000_0000n, { R6: 6 }, 'table 50: DE000 to DEFFF'),
  golden('MTRR_FIX4K_E0000', 0x0000_0000_0000_0004n, { R0: 4 }, 'table 50: E0000 to E0FFF'),
  golden('MTRR_FIX4K_E8000', 0x0600_0000_0000_0000n, { R7: 6 }, 'table 50: EF000 to EFFFF'),
  golden('MTRR_FIX4K_F0000', PROTECTED, all(5), 'write protected ROM, table 50'),
  golden('MTRR_FIX4K_F8000', 0x0000_0000_0600_0001n, { R0: 1, R3: 6 }, 'table 50'),
  ...VARIABLE.flatMap(([base, type, at, mask], pair) => [
    golden(
      `MTRR_PHYSBASE${pair}`,
      base,
      { ...(type === 0 ? {} : { TYPE: type }), ...(at === 0n ? {} : { PHYSBASE: at }) },
      variableSource(pair),
    ),
    golden(`MTRR_PHYSMASK${pair}`, mask, { V: 1, PHYSMASK: mask & ~0xfffn }, variableSource(pair)),
  ]),
];

const PERFORMANCE: readonly GoldenRegister[] = [
  golden(
    'PERFCAP',
    0xf02c_001f_0430_0008n,
    {
      NCNTR: 8,
      CW: 48,
      EGCNT: 4,
      RIDFS: 1,
      DIDFS: 1,
      PASIDFS: 1,
      ATFS: 1,
      PTLFS: 1,
      IOS: 1,
      PCCS: 1,
      CS: 2,
      'reserved 63:60': 15,
    },
    'figure 11-44, and as Linux takes it apart (NCNTR, CW 22:16, EGCNT 28:24, filters 36:32, IOS 50, CS 54:52): counters 4 KiB apart',
  ),
  golden('PERFCAP', 0x0003_0000_0000_0000n, { CWE: 1, GFS: 1 }, 'figure 11-44'),
  golden('PERFCFGOFF', 0x1000n, { CFGO: 0x1000 }, 'figure 11-45'),
  golden('PERFFRZOFF', 0x2000n, { FZO: 0x2000 }, 'figure 11-46'),
  golden('PERFOVFOFF', 0x2010n, { OFO: 0x2010 }, 'figure 11-47'),
  golden('PERFCNTROFF', 0x8000n, { CNTO: 0x8000 }, 'figure 11-48'),
  golden('PERFINTRSTS', 1n, { PIS: 1 }, 'figure 11-49; DMA_PERFINTRSTS_PIS of Linux'),
  golden('PERFINTRCTL', 0x8000_0000n, { IM: 1 }, '§11.4.13.8: value after reset'),
  golden('PERFINTRDATA', 0x2an, { IMD: 0x2a }, 'figure 11-51'),
  golden('PERFINTRADDR', 0xfee0_0ff8n, { MA: 0xfee0_0ff8n }, 'figure 11-52'),
  golden('PERFINTRUADDR', 0x200n, { MUA: 0x200 }, 'figure 11-53'),
  golden('PERFEVNTCAP0', 0xfff_ffffn, { ES: 0xfff_ffff }, 'figure 11-56; pecap_es of Linux: 27:0'),
  golden(
    'PERFCNTRCFG0',
    0x0800_0001_0000_0307n,
    { EN: 1, IO: 1, GFO: 1, EGI: 3, ES: 0x800_0001 },
    'figure 11-57, and as Linux puts it together (INT bit 1, EGI from 8, ES from 32)',
  ),
  golden('PERFCNTR_RIDFLTR0', 0x8000_0208n, { RID: 0x208, EN: 1 }, 'figure 11-58'),
  golden('PERFCNTR_DIDFLTR0', 0x8000_ffffn, { DID: 0xffff, EN: 1 }, 'figure 11-59'),
  golden('PERFCNTR_PASIDFLTR0', 0x801f_ffffn, { PASID: 0xf_ffff, PFM: 1, EN: 1 }, 'figure 11-60'),
  golden('PERFCNTR_ATFLTR0', 0x8000_0017n, { AT: 0x17, EN: 1 }, 'figure 11-61'),
  golden('PERFCNTR_PTLFLTR0', 0x8000_001fn, { PTL: 0x1f, EN: 1 }, 'figure 11-62'),
  golden(
    'PERFCNTRCAP0',
    0x2003_3001n,
    { PCC: 1, CW: 48, IOS: 1, GFS: 1, EGCNT: 2 },
    'figure 11-63; iommu_cntrcap_pcc, _cw, _ios, _egcnt of Linux',
  ),
  golden(
    'PERFCNTREVCAP0_0',
    0x3000_001fn,
    { ES: 0x1f, EGI: 3 },
    'figure 11-64; iommu_event_select and iommu_event_group of Linux',
  ),
  golden('PERFCNTR0', 0xffff_ffff_ffffn, { CNTR: 0xffff_ffff_ffffn }, '§10.3.1: -1 of 48 bits'),
  golden('PERFFRZSTS0', 0xffn, { FS: 0xff }, 'figure 11-54: all of eight counters'),
  golden('PERFOVFSTS0', 0x80n, { OS: 0x80 }, 'figure 11-55: counter 7'),
];

const COMMANDS: readonly GoldenRegister[] = [
  golden('ECMD', 0x3_00f0n, { CMD: 0xf0, OA: 3 }, 'Linux enabling counter 3 (DMA_ECMD_ENABLE)'),
  golden('ECEO', 0x1234_5678_9abc_def0n, { OB: 0x1234_5678_9abc_def0n }, 'figure 11-67'),
  golden('ECRSP', 0x20n, { SC: 16 }, 'table 53: the counter failed its checks'),
  golden('ECRSP', 0x1_0001n, { IP: 1, RSLT: 1 }, 'figure 11-68'),
  golden('ECSTS0', 0n, {}, '§11.4.14.4.1: all reserved'),
  golden('ECSTS1', 0n, {}, '§11.4.14.4.2: all reserved'),
  golden('ECCAP0', 0n, {}, '§11.4.14.5.1: all reserved'),
  golden('ECCAP1', 0n, {}, '§11.4.14.5.2: all reserved'),
  golden('ECCAP2', 0n, {}, '§11.4.14.5.3: all reserved'),
  golden(
    'ECCAP3',
    0x33_0000_0000_0000n,
    { ECNTS: 1, DCNTS: 1, FCNTS: 1, UFCNTS: 1 },
    'DMA_ECMD_ECCAP3_ESSENTIAL of Linux: bits 48, 49, 52, 53',
  ),
  golden('ECCAP3', 0xc_0000_0000_0000n, { RCFGS: 1, RCNTS: 1 }, 'figure 11-74'),
  golden('RDTC', 0x1f_0000_0fffn, { RMID: 0xfff, CLOS: 0x1f }, 'figure 11-75'),
  golden('VCMD', 0x12_3450_0002n, { CMD: 2, OA: 0x12_3450 }, 'table 54: free a PASID'),
  golden('VCMD_EO', 1n, { OB: 1 }, 'figure 11-77'),
  golden('VCRSP', 0x7_0000n, { RSLT: 7 }, 'table 55: PASID 7 was allocated'),
  golden('VCRSP', 0x20n, { SC: 16 }, 'table 55: no PASID is left'),
  golden('VCCAP', 7n, { NS: 1, PAS: 1, FPS: 1 }, 'figure 11-79'),
];

export const OPTIONAL_REGISTERS: readonly GoldenRegister[] = [
  ...MEMORY_TYPES,
  ...PERFORMANCE,
  ...COMMANDS,
];
