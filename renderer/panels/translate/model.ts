import { formatBdf, parseBdf } from '../../../core/format/bdf.ts';
import { parseHex, hex } from '../../../core/format/hex.ts';
import { formatSize } from '../../../core/format/size.ts';
import type { TextTable } from '../../../core/format/table-text.ts';
import type { CallAnswer, CallRequest } from '../../../core/protocol/contract.ts';
import type { ReverseItem } from '../../../core/protocol/contract-map.ts';
import type { WalkAnswer, WalkStepItem } from '../../../core/protocol/schema.ts';
import { badBdf, missingWords } from '../../wording.ts';

export interface TranslateInput {
  readonly unit: string;
  readonly bdf: string;
  readonly pasid: string;
  readonly address: string;
  readonly access: 'read' | 'write';
}

export type WalkRequest = CallRequest<'walk'>;

/**
 * The call for what was typed.
 * @returns the request, a sentence on what is wrong, or undefined while something is empty.
 */
export function readTranslate(
  input: TranslateInput,
): { readonly request: WalkRequest } | { readonly problem: string } | undefined {
  const bdf = input.bdf.trim().toLowerCase();
  const address = input.address.trim();
  if (bdf === '' || address === '') return undefined;
  if (!parseBdf(bdf)) return { problem: badBdf(input.bdf.trim()) };
  const value = parseHex(address);
  if (value === undefined)
    return { problem: `Not an address: "${address}". Write it as 0xfffff000.` };
  const pasid = input.pasid.trim();
  if (pasid !== '' && !/^\d{1,7}$/.test(pasid))
    return { problem: `Not a PASID: "${pasid}". Write a decimal number below 1048576.` };
  const match = /^(?:([0-9a-f]{4}):)?([0-9a-f]{1,2}):([0-9a-f]{1,2})\.([0-7])$/.exec(bdf);
  const plain = match
    ? `${match[1] === undefined ? '' : `${match[1]}:`}${match[2].padStart(2, '0')}:${match[3].padStart(2, '0')}.${match[4]}`
    : bdf;
  return {
    request: {
      unit: input.unit === '' ? undefined : input.unit,
      bdf: plain,
      address: hex(value),
      access: input.access,
      pasid: pasid === '' ? undefined : Number(pasid),
    },
  };
}

/** Reads `00:06.0 0x1f00000 w`; anything longer goes to the engine as a kernel line. */
export function readPasted(text: string): Partial<TranslateInput> | undefined {
  const match = /^\s*(\S+)\s+(0x[0-9a-f]+)(?:\s+(r|w|read|write))?\s*$/i.exec(text);
  if (!match || !parseBdf(match[1])) return undefined;
  return {
    bdf: match[1],
    address: match[2],
    access: match[3]?.toLowerCase().startsWith('w') ? 'write' : 'read',
  };
}

/** One box of the walk's picture: a table with the chosen entry and its neighbours. */
export interface WalkBox {
  readonly name: string;
  readonly before: string;
  readonly chosen: string;
  readonly after: string;
  readonly foot: string;
  readonly step: WalkStepItem | undefined;
  /** The walk came here. */
  readonly reached: boolean;
}

/** Entries of a table by what stands in it; page tables have 512. */
const ENTRIES: Readonly<Record<string, number>> = {
  root: 256,
  context: 256,
  'device table': 65_536,
};
const PAGE_TABLE = 512;
const FEET: Readonly<Record<string, string>> = {
  root: 'bus',
  context: 'dev.fn',
  'device table': 'DeviceID',
};

/** The boxes from left to right; the last is the page. Levels behind the end stay without light. */
export function walkBoxes(walk: WalkAnswer): readonly WalkBox[] {
  const boxes = walk.steps.map((step): WalkBox => {
    const level = /^(L\d)/.exec(step.what)?.[1];
    const part = walk.split.find(({ name }) => name === level);
    const kind = step.what.replace(/ (?:table )?entry$/, '');
    const table = kind === 'device' ? 'device table' : kind;
    const write = indexWriter(table);
    return {
      name: level ?? capital(table),
      before: step.index > 0 ? write(step.index - 1) : '',
      chosen: write(step.index),
      after: step.index + 1 < (ENTRIES[table] ?? PAGE_TABLE) ? write(step.index + 1) : '',
      foot: part?.bits ?? FEET[table] ?? 'index',
      step,
      reached: true,
    };
  });
  const { outcome } = walk;
  if (outcome.result === 'translated' && outcome.untranslated) return boxes;
  const named = new Set(boxes.map(({ name }) => name));
  const deepest = boxes.findLastIndex(({ name }) => /^L\d$/.test(name));
  const offset = walk.split.find(({ name }) => isOffset(name));
  for (const part of walk.split) {
    if (isOffset(part.name) || named.has(part.name)) continue;
    // A level that the tables skip stands above those that were read.
    if (deepest >= 0 && part.name > boxes[deepest].name) continue;
    boxes.push({ ...unreached(part.name, String(part.value)), foot: part.bits });
  }
  if (!offset) return boxes;
  const inPage = `+ 0x${offset.value.toString(16).padStart(3, '0')}`;
  boxes.push(
    outcome.result === 'translated'
      ? { ...unreached('Page', inPage), foot: formatSize(BigInt(outcome.size)), reached: true }
      : { ...unreached('Page', inPage), foot: offset.bits },
  );
  return boxes;
}

const isOffset = (name: string): boolean => name.toLowerCase().startsWith('offset');

const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

function unreached(name: string, chosen: string): WalkBox {
  return { name, before: '', chosen, after: '', foot: '', step: undefined, reached: false };
}

/** Buses are hexadecimal, devices `dev.fn` or whole BDFs; indexes of tables are decimal. */
function indexWriter(table: string): (index: number) => string {
  if (table === 'root') return (index) => `0x${index.toString(16).padStart(2, '0')}`;
  if (table === 'context')
    return (index) => `${((index >> 3) & 0x1f).toString(16).padStart(2, '0')}.${index & 7}`;
  if (table === 'device table') return (index) => formatBdf(index);
  return String;
}

/** AMD-Vi reports a refusal as an event of its log, by a name in capitals; VT-d as a reason. */
export const isEvent = ({ name }: { readonly name: string }): boolean => /^[A-Z0-9_]+$/.test(name);

/** Whether the walk ended because the unit has no entry for the device at all. */
export function hasNoContext({ steps, outcome }: WalkAnswer): boolean {
  const last = steps.at(-1);
  return (
    outcome.result === 'fault' &&
    last?.outcome === 'stop' &&
    /^(?:root|context) entry$/.test(last.what) &&
    last.text.startsWith('not present')
  );
}

/** `6 table entries, all in the dump`. */
export function readFromWords({ steps }: WalkAnswer, simulated: boolean): string {
  const read = steps.filter(({ missing }) => missing === undefined).length;
  const entries = `${read} table ${read === 1 ? 'entry' : 'entries'}`;
  if (read < steps.length) return `${entries}, not all could be read`;
  return simulated ? `${entries}, all in simulated memory` : `${entries}, all in the dump`;
}

/** Names of one answer. */
const MOST_MAPPERS = 3;

/** `02:00.0 only`, `02:00.0 and 04:00.0`: who reaches a page, by the ways that were found. */
export function mapperWords(
  rows: readonly Pick<ReverseItem, 'bdf' | 'pasid' | 'untranslated'>[],
  total: number,
  more: boolean,
): string {
  const names = [
    ...new Set(
      rows.map(
        ({ bdf, pasid, untranslated }) =>
          `${bdf}${pasid === undefined ? '' : ` PASID ${pasid}`}${untranslated ? ' untranslated' : ''}`,
      ),
    ),
  ];
  const cut = more || rows.length < total;
  if (names.length === 0) return 'no device, by the tables that were read';
  if (names.length === 1 && !cut) return `${names[0]} only`;
  const left = names.length - MOST_MAPPERS;
  if (left > 0 || cut)
    return `${names.slice(0, MOST_MAPPERS).join(', ')} and ${cut ? 'others' : `${left} more`}`;
  return `${names.slice(0, -1).join(', ')} and ${names.at(-1)!}`;
}

/** Why a page's bytes can't be looked at; undefined when they can. */
export function missingPageWords(
  provenance: CallAnswer<'page.about'>['provenance'],
): string | undefined {
  switch (provenance) {
    case 'present':
      return undefined;
    case 'zero':
      return missingWords({ kind: 'zero' });
    case 'excluded':
      return missingWords({ kind: 'excluded' });
    case 'absent':
      return missingWords({ kind: 'absent' });
    case 'failed':
      return missingWords({ kind: 'damaged', codec: 'read' });
    case 'pending':
      return missingWords({ kind: 'pending', read: 0, of: 4096 });
  }
}

/** The steps of a walk as a table of plain values. */
export function walkTable(walk: WalkAnswer): TextTable {
  return {
    name: `Walk of ${walk.bdf} ${walk.address}`,
    columns: ['step', 'index', 'table', 'address', 'words', 'rights', 'outcome', 'text', 'path'],
    rows: walk.steps.map((step) => [
      step.what,
      step.index,
      step.table,
      step.address,
      step.missing ?? step.words.join(' '),
      step.rights,
      step.outcome,
      step.text,
      step.path,
    ]),
  };
}
