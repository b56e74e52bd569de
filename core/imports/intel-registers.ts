/** `iommu_regset` of Linux's Intel debugfs: the registers of every unit. */
import { hex } from '../format/hex.ts';
import type { Finding } from '../iommu/finding.ts';
import { RegisterWords } from '../memory/mmio.ts';
import { FIXED_REGISTERS } from '../vtd/registers.ts';
import { hexWord, ImportFindings, numberedLines } from './text-lines.ts';

/** One unit of a debugfs text: 32-bit words by offset; what the text does not state is unknown. */
export interface ImportedUnit {
  /** `dmar0`, `iommu03`: as the kernel calls it; undefined when the text does not say. */
  readonly name: string | undefined;
  /** Physical base of the register page, where the text states it. */
  readonly base: bigint | undefined;
  readonly registers: RegisterWords;
}

export interface ImportedRegisters {
  readonly vendor: 'intel' | 'amd';
  readonly units: readonly ImportedUnit[];
  readonly findings: readonly Finding[];
}

export const UNIT_LIMIT = 256;
const PAGE_LIMIT = 1 << 20;

export const REGSET_UNIT =
  /^\s*IOMMU: ([\w-]{1,32}) Register Base Address: (?:0x)?([0-9a-f]{1,16})\s*$/i;
export const REGSET_ROW =
  /^\s*([A-Z][A-Z0-9_]{1,31})\s+0x([0-9a-f]{1,5})\s+0x([0-9a-f]{8,16})\s*$/i;

const WIDTHS: ReadonlyMap<number, number> = new Map(
  FIXED_REGISTERS.map((definition) => [definition.offset, definition.layout.width]),
);

/**
 * Reads `iommu_regset`. Values are printed 64 bits wide whatever the register's width, so the
 * width comes from the specification by offset: a 32-bit register says nothing of the word behind
 * it. An offset that no register has counts as 64 bits wide where it is a multiple of 8.
 */
export function parseIommuRegset(text: string): ImportedRegisters {
  const findings = new ImportFindings();
  type Unit = { name: string; base: bigint; words: Map<number, number> };
  const units: Unit[] = [];
  let unit: Unit | undefined;
  for (const [line, content] of numberedLines(text)) {
    const head = REGSET_UNIT.exec(content);
    if (head && units.length < UNIT_LIMIT) {
      unit = { name: head[1], base: hexWord(head[2]), words: new Map() };
      const twice = units.some(({ name, words }) => name === unit?.name && words.size > 0);
      if (twice)
        findings.add(
          'warning',
          'unit-repeated',
          `${head[1]}/registers`,
          `Line ${line}: ${head[1]} is told of before; what is said of it here is left out.`,
        );
      else units.push(unit);
      continue;
    }
    const row = REGSET_ROW.exec(content);
    if (!row || !unit) continue;
    const offset = Number.parseInt(row[2], 16);
    const value = hexWord(row[3]);
    if (offset % 4 !== 0 || offset >= PAGE_LIMIT) {
      findings.add(
        'warning',
        'register-offset',
        `${unit.name}/registers`,
        `Line ${line}: ${row[1]} at ${hex(offset)} is at no register's offset; it is left out.`,
      );
      continue;
    }
    const width = WIDTHS.get(offset) ?? (offset % 8 === 0 ? 64 : 32);
    unit.words.set(offset, Number(value & 0xffff_ffffn));
    if (width > 32) unit.words.set(offset + 4, Number(value >> 32n));
    else if (value > 0xffff_ffffn)
      findings.add(
        'warning',
        'register-too-wide',
        `${unit.name}/registers`,
        `Line ${line}: ${row[1]} has 32 bits, and the text gives ${hex(value)}; the upper half is left out.`,
      );
  }
  return {
    vendor: 'intel',
    // The same heading stands over latency figures, which hold no register.
    units: units
      .filter(({ words }) => words.size > 0)
      .map(({ name, base, words }) => ({
        name,
        base,
        registers: new RegisterWords(words, 'file', false),
      })),
    findings: findings.list,
  };
}
