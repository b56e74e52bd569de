import { hex } from '../format/hex.ts';
import type { IntelFacts, IntelInterruptFacts, QueueFacts } from '../iommu/facts.ts';
import { RegisterWords } from '../memory/mmio.ts';
import { physical, variable32, type KernelContext } from './context.ts';
import { structsOnList } from './lists.ts';

/** Registers of VT-d that the kernel keeps the values of (VT-d 4.1 §11.4). */
const CAP = 0x008;
const ECAP = 0x010;
const GCMD = 0x018;
/** GCMD.TE (VT-d 4.1 §11.4.4.1): the kernel's copy follows every write. */
const TRANSLATION_ENABLE = 1n << 31n;
/** ECAP.SMTS (VT-d 4.1 §11.4.3): scalable mode, and 256-bit descriptors in Linux. */
const SCALABLE_MODE = 1n << 43n;

/** Entries in Linux's interrupt remapping table (INTR_REMAP_TABLE_ENTRIES); a constant of it. */
const INTERRUPT_ENTRIES = 65_536;
/** Entries in Linux's invalidation queue (QI_LENGTH); a constant of it. */
const QUEUE_ENTRIES = 256;
const MAX_UNITS = 4096;

/** A VT-d unit as the kernel knows it. */
export interface KernelIntelUnit {
  readonly facts: IntelFacts;
  /** Address of its struct intel_iommu. */
  readonly address: bigint;
  /** Address of the struct iommu_device inside it, which devices refer to. */
  readonly deviceAddress: bigint | undefined;
  /** The kernel's number of the unit (seq_id). */
  readonly sequence: number;
  /** DRHD flag INCLUDE_PCI_ALL: the unit serves what no other unit's scope names. */
  readonly includeAll: boolean | undefined;
  /** Translation was on when this kernel started: a crash kernel that took over. */
  readonly preEnabled: boolean | undefined;
}

/**
 * The VT-d units, in the order of the DMAR's structures, by the kernel's list of DRHDs. Members
 * are found by name: the structures changed in 5.18 to 6.0 (g_iommus and device_domain_list went),
 * in 6.4 (dmar_drhd_unit.reg_size) and 6.9 to 7.0 (domain_ids, pgd), none of which this rests on.
 */
export function intelUnits(context: KernelContext): KernelIntelUnit[] {
  const { notes, reader, symbols } = context;
  const head = symbols.address('dmar_drhd_units');
  if (head === undefined) return [];
  return notes.within('dmar_drhd_units', () => {
    const units: KernelIntelUnit[] = [];
    for (const drhd of structsOnList(reader, head, 'dmar_drhd_unit', 'list', MAX_UNITS)) {
      const iommu = reader.field('dmar_drhd_unit', drhd, 'iommu');
      if (iommu === undefined) continue;
      if (iommu === 0n) noteUnused(context, drhd);
      else units.push(intelUnit(context, drhd, iommu));
    }
    return units;
  });
}

function noteUnused(context: KernelContext, drhd: bigint): void {
  const { notes, reader } = context;
  const base = reader.field('dmar_drhd_unit', drhd, 'reg_base_addr');
  const ignored = reader.number('dmar_drhd_unit', drhd, 'ignored') === 1;
  notes.finding(
    'note',
    'unit-unused',
    `The kernel does not use the VT-d unit at ${base === undefined ? 'an unknown base' : hex(base)}${ignored ? ', which it ignores because no device is behind it' : ''}.`,
  );
}

function intelUnit(context: KernelContext, drhd: bigint, iommu: bigint): KernelIntelUnit {
  const { reader, notes } = context;
  const sequence = reader.number('intel_iommu', iommu, 'seq_id') ?? 0;
  const name = unitName(reader.text('intel_iommu', iommu, 'name'), sequence);
  return notes.within(name, () => {
    const field = (member: string): bigint | undefined =>
      reader.field('intel_iommu', iommu, member);
    const cap = field('cap');
    const ecap = field('ecap');
    const gcmd = field('gcmd');
    const flags = reader.has('intel_iommu', 'flags') ? field('flags') : undefined;
    const includeAll = reader.number('dmar_drhd_unit', drhd, 'include_all');
    const facts: IntelFacts = {
      vendor: 'intel',
      name,
      segment: reader.number('dmar_drhd_unit', drhd, 'segment') ?? 0,
      base: reader.field('dmar_drhd_unit', drhd, 'reg_base_addr'),
      from: 'kernel',
      registers: copies(cap, ecap, gcmd),
      translationEnabled: gcmd === undefined ? undefined : (gcmd & TRANSLATION_ENABLE) !== 0n,
      cap,
      ecap,
      rootTable: physical(context, field('root_entry')),
      mode: translationMode(context, ecap),
      interrupts: interruptFacts(context, iommu),
      queue: queueFacts(context, iommu, ecap),
    };
    return {
      facts,
      address: iommu,
      sequence,
      deviceAddress: reader.addressOf('intel_iommu', iommu, 'iommu'),
      includeAll: includeAll === undefined ? undefined : includeAll === 1,
      preEnabled: flags === undefined ? undefined : (flags & 1n) !== 0n,
    };
  });
}

/** `dmar0`, as the kernel names it; by its sequence number where the name can't be read. */
function unitName(text: string | undefined, sequence: number): string {
  return text && /^dmar\d{1,5}$/.test(text) ? text : `dmar${sequence}`;
}

/** Only registers whose whole value the kernel keeps; GSTS and RTADDR are not among them. */
function copies(
  cap: bigint | undefined,
  ecap: bigint | undefined,
  gcmd: bigint | undefined,
): RegisterWords {
  const words = new Map<number, number>();
  const set = (offset: number, value: bigint | undefined): void => {
    if (value === undefined) return;
    words.set(offset, Number(value & 0xffffffffn));
    words.set(offset + 4, Number(value >> 32n));
  };
  set(CAP, cap);
  set(ECAP, ecap);
  if (gcmd !== undefined) words.set(GCMD, Number(gcmd & 0xffffffffn));
  return new RegisterWords(words, 'kernel copy', false);
}

/**
 * Linux writes RTADDR.TTM as scalable exactly when it was asked for, or is the default, and the
 * hardware has it (sm_supported()). Kernels without the variable know legacy mode alone.
 */
function translationMode(
  context: KernelContext,
  ecap: bigint | undefined,
): 'legacy' | 'scalable' | undefined {
  if (context.symbols.address('intel_iommu_sm') === undefined) return 'legacy';
  const wanted = variable32(context, 'intel_iommu_sm');
  if (wanted === undefined || ecap === undefined) return undefined;
  return wanted !== 0 && (ecap & SCALABLE_MODE) !== 0n ? 'scalable' : 'legacy';
}

function interruptFacts(context: KernelContext, iommu: bigint): IntelInterruptFacts | undefined {
  const { reader } = context;
  // Absent where the kernel was built without interrupt remapping.
  if (!reader.has('intel_iommu', 'ir_table')) return undefined;
  const irTable = reader.field('intel_iommu', iommu, 'ir_table');
  if (irTable === undefined || irTable === 0n) return undefined;
  const table = physical(context, reader.field('ir_table', irTable, 'base'));
  if (table === undefined) return undefined;
  const extended = variable32(context, 'eim_mode');
  return {
    table,
    capacity: INTERRUPT_ENTRIES,
    extended: extended === undefined ? undefined : extended !== 0,
  };
}

/**
 * The invalidation queue. free_head is the next descriptor to be filled, which the kernel writes
 * to IQT; IQH is not kept. Descriptors have 256 bits where the kernel knows them (qi_desc has
 * four words since 5.0, commit 5d308fc1ecf5) and ECAP.SMTS is set, in legacy mode too.
 */
function queueFacts(
  context: KernelContext,
  iommu: bigint,
  ecap: bigint | undefined,
): QueueFacts | undefined {
  const { reader } = context;
  const queue = reader.field('intel_iommu', iommu, 'qi');
  if (queue === undefined || queue === 0n || ecap === undefined) return undefined;
  const base = physical(context, reader.field('q_inval', queue, 'desc'));
  if (base === undefined) return undefined;
  const wide = (ecap & SCALABLE_MODE) !== 0n && reader.has('qi_desc', 'qw2');
  const descriptor = wide ? 32 : 16;
  const free = reader.number('q_inval', queue, 'free_head');
  return {
    base,
    length: QUEUE_ENTRIES * descriptor,
    descriptor,
    head: undefined,
    tail: free === undefined || free >= QUEUE_ENTRIES ? undefined : free * descriptor,
  };
}

/** A structure of the DMAR as the kernel keeps a copy of it. */
export interface RemappingStructure {
  readonly kind: 'DRHD' | 'RMRR' | 'ATSR' | 'SATC';
  /** Physical address of the copy. */
  readonly address: bigint | undefined;
  readonly bytes: Uint8Array;
}

const STRUCTURES = [
  ['DRHD', 'dmar_drhd_units', 'dmar_drhd_unit'],
  ['RMRR', 'dmar_rmrr_units', 'dmar_rmrr_unit'],
  ['ATSR', 'dmar_atsr_units', 'dmar_atsr_unit'],
  ['SATC', 'dmar_satc_units', 'dmar_satc_unit'],
] as const;
const STRUCTURE_HEADER = 4;
const MAX_STRUCTURE = 8192;

/**
 * The remapping structures of the DMAR that the kernel kept: a crash dump has no firmware memory,
 * but these copies. RMRRs often point into the firmware's own table, which is then missing.
 */
export function remappingStructures(context: KernelContext): RemappingStructure[] {
  const { reader, symbols, memory, notes } = context;
  const found: RemappingStructure[] = [];
  for (const [kind, symbol, struct] of STRUCTURES) {
    const head = symbols.address(symbol);
    if (head === undefined || !reader.has(struct, 'hdr')) continue;
    notes.within(`DMAR ${kind}`, () => {
      for (const unit of structsOnList(reader, head, struct, 'list', MAX_UNITS)) {
        const header = reader.field(struct, unit, 'hdr');
        const length = header && memory.u16(header + 2n);
        if (!header || !length || length < STRUCTURE_HEADER || length > MAX_STRUCTURE) continue;
        const bytes = memory.read(header, length);
        if (bytes) found.push({ kind, address: memory.translate(header), bytes });
      }
    });
  }
  return found;
}
