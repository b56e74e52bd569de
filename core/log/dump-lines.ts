import { hexWord, type DumpLine } from './message.ts';

/** Texts of which every line of a dump after a fault has one. */
export const DUMP_ANCHORS = [
  ' for IOVA 0x',
  'oot entry: 0x',
  'oot entry: hi 0x',
  'context entry: hi',
  'pasid dir entry: ',
  'pasid table entry[',
  'pte level: ',
  'entry is not present',
  'table is not present',
  'not present at level',
  'not probed',
  'no page table setup',
  'AMD-Vi: DTE[',
  'AMD-Vi: CMD[',
  'Control Reg : 0x',
];

const X = '0x([0-9a-f]{1,16})';
const START = new RegExp(`Dump (\\S{1,32}) table entries for IOVA ${X}`);
const ROOT = new RegExp(`(scalable mode )?root entry: (?:hi ${X}, low )?${X}`);
const CONTEXT = new RegExp(`context entry: hi ${X}, low ${X}`);
const PASID_DIRECTORY = new RegExp(`pasid dir entry: ${X}`);
const PASID_TABLE = new RegExp(`pasid table entry\\[(\\d)\\]: ${X}`);
const PTE = new RegExp(`pte level: (\\d), pte value: ${X}`);
const STOP =
  /((?:root|context|pasid directory|pasid|legacy mode page|scalable mode page)(?: table)?(?: entry)? is not present)|(PTE|page table) not present at level (\d)|(device \[[^\]]{1,16}\] not probed)|(no page table setup)/;
const INDEXED = /AMD-Vi: (DTE|CMD)\[(\d)\]: ([0-9a-f]{16}|[0-9a-f]{8})(?![0-9a-f])/;
const CONTROL = new RegExp(`Control Reg : ${X}`);

/** Reads a line that kernels print after a fault record; undefined for any other. */
export function readDump(text: string): DumpLine[] {
  const lines: DumpLine[] = [];
  const add = (match: RegExpExecArray, what: string, parts: Partial<DumpLine>): void => {
    lines.push({
      kind: 'dump',
      index: match.index,
      what,
      text: match[0],
      unit: undefined,
      iova: undefined,
      entryIndex: undefined,
      level: undefined,
      words: [],
      width: 64,
      ...parts,
    });
  };
  // Of the older kernels the root entry's line has no end: the next line's text can follow it.
  const start = START.exec(text);
  if (start) add(start, 'start', { unit: start[1], iova: hexWord(start[2]) });
  const root = ROOT.exec(text);
  if (root)
    add(root, root[1] === undefined ? 'root entry' : 'scalable mode root entry', {
      words: [root[3], root[2]].filter((digits) => digits !== undefined).map(hexWord),
    });
  const context = CONTEXT.exec(text);
  if (context) add(context, 'context entry', { words: [hexWord(context[2]), hexWord(context[1])] });
  const directory = PASID_DIRECTORY.exec(text);
  if (directory) add(directory, 'pasid dir entry', { words: [hexWord(directory[1])] });
  const entry = PASID_TABLE.exec(text);
  if (entry)
    add(entry, 'pasid table entry', { entryIndex: Number(entry[1]), words: [hexWord(entry[2])] });
  const pte = PTE.exec(text);
  if (pte) add(pte, 'pte', { level: Number(pte[1]), words: [hexWord(pte[2])] });
  const stop = STOP.exec(text);
  if (stop) add(stop, 'stop', { level: stop[3] === undefined ? undefined : Number(stop[3]) });
  const indexed = INDEXED.exec(text);
  if (indexed)
    add(indexed, indexed[1], {
      entryIndex: Number(indexed[2]),
      words: [hexWord(indexed[3])],
      width: indexed[3].length === 8 ? 32 : 64,
    });
  const control = CONTROL.exec(text);
  if (control) add(control, 'Control', { words: [hexWord(control[1])] });
  return lines;
}
