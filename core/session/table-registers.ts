/** Register values that point to tables: those that a scan found, or that a person names. */
import type { Candidate } from '../explain/scan/candidate.ts';
import { hex } from '../format/hex.ts';
import { offsetKey } from './registers-document.ts';

/** A candidate this sure is offered as register values. */
const USABLE = 0.5;

/** A table that a person says a unit uses. */
export interface GivenTable {
  readonly kind: 'root-table' | 'scalable-root-table' | 'device-table';
  /** Physical address; its low 12 bits are zero. */
  readonly address: bigint;
  /** Of a device table. */
  readonly entries?: number;
}

/** The registers of one unit that uses a given table, in the form of a register file. */
export function givenRegisters(table: GivenTable): Record<string, unknown> {
  const amd = table.kind === 'device-table';
  return {
    vendor: amd ? 'amd' : 'intel',
    absent: 'unknown',
    units: [{ registers: amd ? amdRegisters(table, undefined) : intelRegisters(table, undefined) }],
  };
}

/** The best tables of one vendor as the registers that would point to them. */
export function foundRegisters(
  candidates: readonly Candidate[],
): Record<string, unknown> | undefined {
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

function intelRegisters(
  root: Pick<Candidate, 'kind' | 'address'>,
  table: Candidate | undefined,
): Record<string, string> {
  const mode = root.kind === 'scalable-root-table' ? SCALABLE : 0n;
  return {
    ...halves(GSTS, TRANSLATION_ENABLED, false),
    ...halves(RTADDR, root.address | mode),
    ...(table?.entries === undefined
      ? {}
      : halves(IRTA, table.address | BigInt(Math.log2(table.entries) - 1))),
  };
}

function amdRegisters(
  table: Pick<Candidate, 'address' | 'entries'>,
  interrupts: Candidate | undefined,
): Record<string, string> {
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
