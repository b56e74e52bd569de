import { parseBdf } from '../../../core/format/bdf.ts';
import { parseHex, hex } from '../../../core/format/hex.ts';
import type { TextTable } from '../../../core/format/table-text.ts';
import type { CallRequest } from '../../../core/protocol/contract.ts';
import type { WalkAnswer, WalkStepItem } from '../../../core/protocol/schema.ts';
import { badBdf } from '../../wording.ts';

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
}

const LAST_INDEX = 511;

/** The boxes from left to right; the last is the page. */
export function walkBoxes(walk: WalkAnswer): readonly WalkBox[] {
  const boxes = walk.steps.map((step): WalkBox => {
    const level = /^(L\d)/.exec(step.what)?.[1];
    const part = walk.split.find(({ name }) => name === level);
    const kind = step.what.replace(/ (?:table )?entry$/, '');
    const write = indexWriter(kind);
    return {
      name: level ?? kind.charAt(0).toUpperCase() + kind.slice(1),
      before: step.index > 0 ? write(step.index - 1) : '',
      chosen: write(step.index),
      after: step.index < LAST_INDEX ? write(step.index + 1) : '',
      foot: part?.bits ?? (kind === 'root' ? 'bus' : kind === 'context' ? 'dev.fn' : 'index'),
      step,
    };
  });
  const offset = walk.split.find(({ name }) => name.toLowerCase().startsWith('offset'));
  if (walk.outcome.result === 'translated' && offset)
    boxes.push({
      name: 'Page',
      before: '',
      chosen: `+ 0x${offset.value.toString(16).padStart(3, '0')}`,
      after: '',
      foot: offset.bits,
      step: undefined,
    });
  return boxes;
}

/** Buses are hexadecimal, devices `dev.fn`; indexes of tables are decimal. */
function indexWriter(kind: string): (index: number) => string {
  if (kind === 'root') return (index) => `0x${index.toString(16).padStart(2, '0')}`;
  if (kind === 'context')
    return (index) => `${((index >> 3) & 0x1f).toString(16).padStart(2, '0')}.${index & 7}`;
  return String;
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
