import type { Candidate, FoundDevice } from '../explain/scan/candidate.ts';
import { scanTables, type ScanOptions } from '../explain/scan/scan.ts';
import { hex } from '../format/hex.ts';
import { givenTables } from './firmware-tables.ts';
import type { Investigation } from './investigation.ts';
import { offsetKey } from './registers-document.ts';

/** The JSON of `faultline scan`. */
export interface ScanDocument {
  readonly schema: 'faultline.scan/1';
  readonly source: { readonly format: string; readonly compression: readonly string[] };
  /** Best first. */
  readonly candidates: readonly CandidateJson[];
  /** Pages with content that were looked at. */
  readonly pages: number;
  readonly notes: readonly string[];
  /** Register values that make the best tables usable with `--registers`; null without any. */
  readonly registers: Record<string, unknown> | null;
  readonly incomplete: readonly {
    readonly address: null;
    readonly at: string;
    readonly text: string;
  }[];
}

export interface CandidateJson {
  readonly kind: string;
  readonly vendor: string;
  readonly address: string;
  readonly score: number;
  readonly why: readonly string[];
  readonly devices: readonly Record<string, unknown>[];
  readonly entries?: number;
  readonly format?: number;
  readonly parent?: string;
  /** Units that it serves, where that can be told. */
  readonly units?: readonly { readonly name: string; readonly base: string | null }[];
}

/** A candidate this sure is offered as register values. */
const USABLE = 0.5;

/** Scans the memory of a case. */
export function scanDocument(
  investigation: Investigation,
  options: ScanOptions = {},
): ScanDocument {
  const result = scanTables(investigation.memory!, {
    ...options,
    firmware: givenTables(investigation),
  });
  return {
    schema: 'faultline.scan/1',
    source: {
      format: investigation.dump?.format ?? 'none',
      compression: investigation.dump?.compression ?? [],
    },
    candidates: result.candidates.map(candidateJson),
    pages: result.pages,
    notes: result.notes,
    registers: registersOf(result.candidates) ?? null,
    incomplete: result.interrupted
      ? [{ address: null, at: '', text: 'interrupted: not all pages were looked at' }]
      : [],
  };
}

function candidateJson(candidate: Candidate): CandidateJson {
  const { kind, vendor, address, score, why, devices, entries, format, parent, units } = candidate;
  return {
    kind,
    vendor,
    address: hex(address),
    score,
    why,
    devices: devices.map(deviceJson),
    ...(entries === undefined ? {} : { entries }),
    ...(format === undefined ? {} : { format }),
    ...(parent === undefined ? {} : { parent: hex(parent) }),
    ...(units
      ? {
          units: units.map(({ name, base }) => ({
            name,
            base: base === undefined ? null : hex(base),
          })),
        }
      : {}),
  };
}

function deviceJson(device: FoundDevice): Record<string, unknown> {
  const { bdf, translation, domain, levels, pageTable, tables } = device;
  return {
    bdf,
    translation,
    domain: domain ?? null,
    ...(levels === undefined ? {} : { levels }),
    ...(pageTable === undefined ? {} : { pageTable: hex(pageTable) }),
    tables,
  };
}

/** The best tables of one vendor as the registers that would point to them. */
function registersOf(candidates: readonly Candidate[]): Record<string, unknown> | undefined {
  const roots = candidates.filter(
    ({ kind, score }) => /root-table$|^device-table$/.test(kind) && score >= USABLE,
  );
  const [best] = roots;
  if (!best) return undefined;
  const { vendor } = best;
  const interrupts = candidates.filter(
    ({ kind, score, vendor: of }) => kind === 'interrupt-table' && of === vendor && score >= USABLE,
  );
  const ours = roots.filter((each) => each.vendor === vendor);
  return {
    vendor,
    absent: 'unknown',
    units: inUnitOrder(ours).map((root, index) => {
      const unit = root.units?.[0];
      const own = unit && interrupts.find(({ units }) => units?.[0].name === unit.name);
      return {
        ...(unit ? { name: unit.name } : {}),
        ...(unit?.base === undefined ? {} : { base: hex(unit.base) }),
        registers:
          vendor === 'intel'
            ? intelRegisters(root, own ?? (unit && ours.length > 1 ? undefined : interrupts[index]))
            : amdRegisters(root, interrupts[0]),
      };
    }),
  };
}

/** Tables whose unit is told come in the order of the units. */
function inUnitOrder(roots: readonly Candidate[]): Candidate[] {
  const number = ({ units }: Candidate): number =>
    Number(/\d+$/.exec(units?.[0].name ?? '')?.[0] ?? Number.MAX_SAFE_INTEGER);
  return [...roots].sort((a, b) => number(a) - number(b));
}

/** Offsets of VT-d (4.1 §11.4): GSTS, RTADDR, IRTA. */
const GSTS = 0x01c;
const RTADDR = 0x020;
const IRTA = 0x0b8;
const TRANSLATION_ENABLED = 0x8000_0000n;
/** RTADDR.TTM for scalable mode. */
const SCALABLE = 0x400n;
/** Offsets of AMD-Vi (48882 §3.4): device table base, control. */
const DEVICE_TABLE = 0x000;
const CONTROL = 0x018;
const ENABLED = 1n;
const GUEST_APIC = 1n << 28n;
const ENTRIES_IN_PAGE = 128;

function intelRegisters(root: Candidate, table: Candidate | undefined): Record<string, string> {
  const mode = root.kind === 'scalable-root-table' ? SCALABLE : 0n;
  return {
    ...halves(GSTS, TRANSLATION_ENABLED, false),
    ...halves(RTADDR, root.address | mode),
    ...(table?.entries === undefined
      ? {}
      : halves(IRTA, table.address | BigInt(Math.log2(table.entries) - 1))),
  };
}

function amdRegisters(table: Candidate, interrupts: Candidate | undefined): Record<string, string> {
  const pages = Math.ceil((table.entries ?? ENTRIES_IN_PAGE) / ENTRIES_IN_PAGE);
  return {
    ...halves(DEVICE_TABLE, table.address | BigInt(pages - 1)),
    ...halves(CONTROL, ENABLED | (interrupts?.format === 32 ? 0n : GUEST_APIC)),
  };
}

/** A register's value in words of 32 bits, as register files have it. */
function halves(offset: number, value: bigint, wide = true): Record<string, string> {
  return {
    [offsetKey(offset)]: hex(value & 0xffff_ffffn),
    ...(wide ? { [offsetKey(offset + 4)]: hex(value >> 32n) } : {}),
  };
}
