import { parseHex } from '../format/hex.ts';
import { parseAmdMmio } from '../imports/amd.ts';
import { identifyImport } from '../imports/identify.ts';
import { parseIommuRegset } from '../imports/intel-registers.ts';
import { Failure } from '../memory/failure.ts';
import { RegisterWords } from '../memory/mmio.ts';

/** One unit of a register document: its base and its 32-bit words by offset. */
export interface RegisterUnit {
  /** The kernel's name of the unit, where the document tells it. */
  readonly name?: string;
  readonly base: bigint | undefined;
  readonly registers: RegisterWords;
}

export interface RegisterDocument {
  readonly vendor: 'intel' | 'amd';
  readonly units: readonly RegisterUnit[];
}

/** A register page is at most 1 MiB; offsets beyond are a mistake. */
const PAGE_LIMIT = 1 << 20;

const UNIT_LIMIT = 256;

/** How units are named (see iommu/path.ts). */
const UNIT_NAME = /^(?:dmar|ivhd|sim)\d{1,4}$/;

/**
 * Reads the input forms of `--registers`: the JSON of `regs`, Linux's debugfs (`iommu_regset` of
 * Intel, `mmio` of AMD), or lines `OFFSET VALUE` (one unit of `vendor`). Absent offsets are 0 unless the document says `"absent": "unknown"`; lines and
 * debugfs say only what they say.
 * @throws Failure when the text is neither.
 */
export function parseRegisters(text: string, vendor: 'intel' | 'amd' = 'intel'): RegisterDocument {
  if (/^\s*\{/.test(text)) return parseJson(text);
  const form = identifyImport(text);
  if (form === 'iommu_regset') return parseIommuRegset(text);
  if (form === 'amd-mmio') return { vendor: 'amd', units: amdRegisterUnits(text) };
  return parseLines(text, vendor);
}

/** The units of AMD's `mmio`, by the kernel's numbers where the text tells them. */
export function amdRegisterUnits(text: string): RegisterUnit[] {
  return parseAmdMmio(text).units.map(({ name, base, registers }) => {
    const digits = name && /\d+/.exec(name)?.[0];
    return {
      ...(digits === undefined ? {} : { name: `ivhd${Number(digits)}` }),
      base,
      registers,
    };
  });
}

function parseJson(text: string): RegisterDocument {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    throw refused(`The register file is not JSON: ${(error as Error).message}.`);
  }
  // Checked by hand: the command line starts without loading a schema library.
  const document = json as Partial<Record<string, unknown>> | null;
  const vendor = document?.['vendor'];
  const units = document?.['units'];
  if (vendor !== 'intel' && vendor !== 'amd')
    throw refused('The register file names no vendor (intel or amd).');
  if (!Array.isArray(units) || units.length === 0 || units.length > UNIT_LIMIT)
    throw refused('The register file has no list of units.');
  const absentIsZero = document?.['absent'] !== 'unknown';
  return {
    vendor,
    units: units.map((unit: unknown) => {
      const { name, base, registers } = (unit ?? {}) as Partial<Record<string, unknown>>;
      if (typeof registers !== 'object' || registers === null)
        throw refused('A unit of the register file has no registers.');
      return {
        ...(typeof name === 'string' && UNIT_NAME.test(name) ? { name } : {}),
        base: typeof base === 'string' ? parseHex(base) : undefined,
        registers: words(
          Object.entries(registers).map(([offset, value]) => [offset, String(value)] as const),
          absentIsZero,
        ),
      };
    }),
  };
}

function parseLines(text: string, vendor: 'intel' | 'amd'): RegisterDocument {
  const pairs: [string, string][] = [];
  for (const line of text.split(/\r?\n/)) {
    if (/^\s*(?:#.*)?$/.test(line)) continue;
    const match = /^\s*((?:0x)?[0-9a-f]+)[\s:=]+((?:0x)?[0-9a-f]+)\s*$/i.exec(line);
    if (!match)
      throw refused(`The register file has a line that is not OFFSET VALUE: ${line.slice(0, 60)}`);
    pairs.push([match[1], match[2]]);
  }
  if (pairs.length === 0) throw refused('The register file is empty.');
  return { vendor, units: [{ base: undefined, registers: words(withHighHalves(pairs), false) }] };
}

/**
 * A line gives a whole register: one at a multiple of 8 without a line for its upper half has the
 * upper half 0, as its value was written.
 */
function withHighHalves(pairs: readonly [string, string][]): [string, string][] {
  const given = new Set(pairs.map(([offset]) => parseHex(offset)));
  const halves = pairs
    .map(([offset]) => parseHex(offset))
    .filter((offset) => offset !== undefined && offset % 8n === 0n && !given.has(offset + 4n))
    .map((offset): [string, string] => [(offset! + 4n).toString(16), '0']);
  return [...halves, ...pairs];
}

function words(
  pairs: readonly (readonly [string, string])[],
  absentIsZero: boolean,
): RegisterWords {
  const map = new Map<number, number>();
  for (const [offsetText, valueText] of pairs) {
    const offset = parseHex(offsetText);
    const value = parseHex(valueText);
    if (offset === undefined || value === undefined || offset >= PAGE_LIMIT || offset % 4n !== 0n)
      throw refused(`The register file has an offset that is no register's: ${offsetText}.`);
    map.set(Number(offset), Number(value & 0xffff_ffffn));
    if (value > 0xffff_ffffn) map.set(Number(offset) + 4, Number(value >> 32n));
  }
  return new RegisterWords(map, 'file', absentIsZero);
}

function refused(happened: string): Failure {
  return new Failure(
    'unreadable',
    happened,
    'Register values could not be taken from it.',
    'Give the JSON that `faultline regs --json` writes, a debugfs iommu_regset, or lines of OFFSET VALUE.',
  );
}
