/** What a pasted text is, by its content. */
import { ACPI_HEAD, ACPI_ROW } from './acpidump.ts';
import { COMMAND_HEAD, DEVICE_TABLE_HEAD, INTERRUPT_ROW, REGISTER_LINE } from './amd.ts';
import { readHexRow } from './hex-row.ts';
import { INTERRUPT_HEAD, QUEUE_HEAD } from './intel-interrupts.ts';
import { REGSET_ROW, REGSET_UNIT } from './intel-registers.ts';
import { DOMAIN_HEAD, REMAPPING_OFF, ROOT_TABLE } from './intel-tables.ts';
import { IOMEM_LINE } from './iomem.ts';
import { LSPCI_LINE } from './lspci.ts';
import { numberedLines } from './text-lines.ts';

export type ImportKind =
  | 'iommu_regset'
  | 'dmar_translation_struct'
  | 'domain_translation_struct'
  | 'ir_translation_struct'
  | 'invalidation_queue'
  | 'amd-mmio'
  | 'amd-capability'
  | 'amd-cmdbuf'
  | 'amd-devtbl'
  | 'amd-irqtbl'
  | 'hexdump'
  | 'iomem'
  | 'lspci'
  | 'acpidump';

/** Lines that are looked at. */
const SAMPLE = 2000;

/** A form without a heading of its own must make up this part of the lines. */
const MAJORITY = 0.6;

/** Prompts and commands around a paste say nothing of its kind. */
const PROMPT = /^\s*(?:\(qemu\)|\(gdb\)|crash>|(?:\[\d+\])?kdb>|[#$] )/;

/** A console log may hold any of these texts between its own lines, and stays a console log. */
const PRINTK = /^(?:<\d{1,3}>)?\[\s*\d+\.\d{6}\]/;
const LOG_PART = 0.2;

/** Headings that only one form has, in the order of preference where several stand in a text. */
const MARKS: readonly (readonly [ImportKind, RegExp, RegExp?])[] = [
  ['iommu_regset', REGSET_UNIT, REGSET_ROW],
  ['dmar_translation_struct', ROOT_TABLE],
  ['domain_translation_struct', DOMAIN_HEAD],
  ['ir_translation_struct', INTERRUPT_HEAD],
  ['invalidation_queue', QUEUE_HEAD],
  ['amd-cmdbuf', COMMAND_HEAD],
  ['amd-devtbl', DEVICE_TABLE_HEAD],
  ['amd-irqtbl', INTERRUPT_ROW],
  ['acpidump', ACPI_HEAD, ACPI_ROW],
  ['dmar_translation_struct', REMAPPING_OFF],
];

/**
 * Names the form of a text, or undefined when it is none: a console log, prose. Only the first
 * 2000 lines are looked at. Several debugfs files in one text are named by the first of the list
 * above; each parser picks its own part out of the whole.
 */
export function identifyImport(text: string): ImportKind | undefined {
  const lines: string[] = [];
  for (const [, content] of numberedLines(text)) {
    if (content.trim() !== '' && !PROMPT.test(content)) lines.push(content);
    if (lines.length === SAMPLE) break;
  }
  if (lines.length === 0) return undefined;
  if (lines.filter((line) => PRINTK.test(line)).length > lines.length * LOG_PART) return undefined;
  for (const [kind, ...marks] of MARKS)
    if (marks.every((mark) => mark === undefined || lines.some((line) => mark.test(line))))
      return kind;
  const registers = lines.map((line) => REGISTER_LINE.exec(line)).filter((row) => row !== null);
  if (registers.length > 0)
    return registers.some((row) => row[2].length === 16) ? 'amd-mmio' : 'amd-capability';
  const most = (list: readonly string[], test: (line: string) => boolean): boolean =>
    list.filter(test).length >= Math.max(1, list.length * MAJORITY);
  if (most(lines, (line) => IOMEM_LINE.test(line))) return 'iomem';
  const outer = lines.filter((line) => !/^\s/.test(line));
  if (outer.length > 0 && most(outer, (line) => LSPCI_LINE.test(line))) return 'lspci';
  const rows = lines.filter((line) => !/^\s*\*\s*$/.test(line));
  if (rows.length > 0 && most(rows, (line) => readHexRow(line) !== undefined)) return 'hexdump';
  return undefined;
}
