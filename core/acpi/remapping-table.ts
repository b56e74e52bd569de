/**
 * What the DMAR and the IVRS have in common: a header, a body of fixed size, then structures one
 * after another, each of which says its type and its length, and which hold smaller ones.
 */
import type { Layout } from '../bits/layout.ts';
import { hex } from '../format/hex.ts';
import type { AcpiStructure, TableHeader } from './structures.ts';
import {
  decodeHeader,
  HEADER_SIZE,
  judgeHeader,
  numberOf,
  TableFindings,
  wordsAt,
} from './structures.ts';

/** How one of the tables is made. */
export interface TableForm<T extends AcpiStructure> {
  readonly signature: string;
  /** What stands between the header and the first structure. */
  readonly body: Layout;
  /** Layouts of the fixed parts by type. */
  readonly layouts: ReadonlyMap<number, Layout>;
  /** The layout of every other type: its `Type` and `Length` are where all structures have them. */
  readonly unknown: Layout;
  /** Makes a structure of its fixed part, which is whole and within the table. */
  readonly read: (part: Part) => T;
}

/** A structure's fixed part, and what reading the rest of it needs. */
export interface Part {
  readonly bytes: Uint8Array;
  readonly base: AcpiStructure;
  readonly type: number;
  /** Where the fixed part ends and what follows it begins. */
  readonly from: number;
  /** Where the structure ends. */
  readonly to: number;
  readonly findings: TableFindings;
}

export interface DecodedTable<T extends AcpiStructure> {
  readonly header: TableHeader;
  readonly body: AcpiStructure;
  /** In the order of the table. */
  readonly structures: readonly T[];
  readonly findings: TableFindings;
}

/**
 * Decodes a table of that form. Damage is told as findings; what stands behind it is left out.
 * @returns undefined when the bytes are no such table at all.
 */
export function decodeTable<T extends AcpiStructure>(
  bytes: Uint8Array,
  form: TableForm<T>,
): DecodedTable<T> | undefined {
  const header = decodeHeader(bytes);
  if (header?.signature !== form.signature) return undefined;
  const findings = new TableFindings(form.signature);
  const end = judgeHeader(header, bytes, findings);
  const bodySize = form.body.width / 8;
  const first = HEADER_SIZE + bodySize;
  if (end < first)
    findings.add('error', 'table-cut', end, 'The table ends before its first structure.');
  const body = structureAt(bytes.subarray(0, end), HEADER_SIZE, bodySize, form.body, findings);
  const structures = walk(first, end, (offset) => {
    const part = partAt(bytes, offset, end, form, findings);
    return part && form.read(part);
  });
  return { header, body, structures, findings };
}

/** Reads structures one after another; ends at the first that can't be read. */
export function walk<T extends AcpiStructure>(
  from: number,
  to: number,
  read: (offset: number) => T | undefined,
): T[] {
  const found: T[] = [];
  for (let offset = from; offset < to;) {
    const structure = read(offset);
    if (!structure) break;
    found.push(structure);
    offset += structure.length;
  }
  return found;
}

/** The fixed part of a structure; tells its reserved bits that are set. */
export function structureAt(
  bytes: Uint8Array,
  offset: number,
  length: number,
  layout: Layout,
  findings: TableFindings,
): AcpiStructure {
  const words = wordsAt(bytes, offset, layout.width / 8);
  const structure: AcpiStructure = { offset, length, layout, words };
  findings.reserved(structure);
  return structure;
}

function partAt(
  bytes: Uint8Array,
  offset: number,
  end: number,
  form: TableForm<AcpiStructure>,
  findings: TableFindings,
): Part | undefined {
  const headSize = form.unknown.width / 8;
  if (offset + headSize > end) {
    findings.add('error', 'structure-cut', offset, 'The table ends within a structure’s head.');
    return undefined;
  }
  const head: AcpiStructure = {
    offset,
    length: headSize,
    layout: form.unknown,
    words: wordsAt(bytes, offset, headSize),
  };
  const type = numberOf(head, 'Type');
  const length = numberOf(head, 'Length');
  const layout = form.layouts.get(type) ?? form.unknown;
  const fixed = layout.width / 8;
  if (length < fixed || offset + length > end) {
    findings.add(
      'error',
      'structure-length',
      offset,
      `The ${layout.name} says that it has ${length} bytes; ${length < fixed ? `it needs ${fixed}` : `the table has ${end - offset} left`}. What follows can't be decoded.`,
    );
    return undefined;
  }
  const base = structureAt(bytes, offset, length, layout, findings);
  if (layout === form.unknown)
    findings.add(
      'note',
      'unknown-structure',
      offset,
      `Type ${hex(type)} is not a known structure.`,
    );
  return { bytes, base, type, from: offset + fixed, to: offset + length, findings };
}

/** A field that not all layouts have, as a number. */
export function optionalNumber(structure: AcpiStructure, name: string): number | undefined {
  return structure.layout.byName.has(name) ? numberOf(structure, name) : undefined;
}
