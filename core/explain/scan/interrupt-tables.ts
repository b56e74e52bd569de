/** VT-d's interrupt remapping tables: nothing in memory points to them, so their form must do. */
import { parseBdf } from '../../format/bdf.ts';
import { Evidence, type Candidate } from './candidate.ts';
import { interruptPage } from './page-tests.ts';
import type { ScanReader } from './reader.ts';
import { addressOfPfn } from '../../memory/physical.ts';

/** Frames of Linux's table of 65,536 entries, which stands at a multiple of its size. */
const LINUX_FRAMES = 256;

/** Judges frames that passed the page test, as tables. */
export function judgeInterruptTables(
  reader: ScanReader,
  frames: readonly number[],
  candidates: readonly Candidate[],
): Candidate[] {
  const known = new Set(
    candidates
      .filter(({ kind, score }) => kind.endsWith('root-table') && score > 0.5)
      .flatMap(({ devices }) => devices.map(({ bdf }) => parseBdf(bdf)!.id)),
  );
  const blocks = new Map<number, number[]>();
  for (const pfn of [...frames].sort((a, b) => a - b)) {
    const block = Math.floor(pfn / LINUX_FRAMES);
    blocks.set(block, [...(blocks.get(block) ?? []), pfn]);
  }
  return [...blocks].flatMap(([block, pages]) => {
    const start = block * LINUX_FRAMES;
    if (isWholeBlock(reader, start, new Set(pages)))
      return [judge(reader, start, pages, known, true)];
    return runs(pages).map((run) => judge(reader, run[0], run, known, false));
  });
}

/** Whether a block of 1 MiB holds nothing but entries and zeros: a table as Linux has it. */
function isWholeBlock(reader: ScanReader, start: number, pages: ReadonlySet<number>): boolean {
  let some = false;
  for (let pfn = start; pfn < start + LINUX_FRAMES; pfn++) {
    if (pages.has(pfn)) {
      some = true;
      continue;
    }
    const words = reader.words(pfn);
    if (words?.some((word) => word !== 0)) return false;
  }
  return some;
}

function runs(pages: readonly number[]): number[][] {
  const found: number[][] = [];
  for (const pfn of pages) {
    const last = found.at(-1);
    if (last && last[last.length - 1] + 1 === pfn) last.push(pfn);
    else found.push([pfn]);
  }
  return found;
}

function judge(
  reader: ScanReader,
  first: number,
  pages: readonly number[],
  known: ReadonlySet<number>,
  whole: boolean,
): Candidate {
  let [entries, checked, ours] = [0, 0, 0];
  const vectors = new Set<string>();
  const sources = new Set<number>();
  for (const pfn of pages) {
    const words = reader.words(pfn);
    if (!words || interruptPage(words) === 0) continue;
    for (let at = 0; at < 1024; at += 4) {
      if ((words[at] & 1) === 0) continue;
      entries++;
      vectors.add(`${words[at] & 0xff_0000} ${words[at + 1]}`);
      const source = words[at + 2] & 0xffff;
      if (((words[at + 2] >>> 18) & 3) !== 1) continue;
      checked++;
      sources.add(source);
      if (known.has(source)) ours++;
    }
  }
  const evidence = new Evidence();
  evidence.for(0.2, Math.min(checked, vectors.size)).for(0.05, Math.min(8, entries));
  evidence.for(0.3, Math.min(4, ours));
  if (whole) evidence.for(0.2);
  else evidence.against(0.8);
  evidence.say(
    `${entries} entries, all well formed; ${checked} check the requester, ${vectors.size} differ in vector or destination`,
  );
  if (known.size > 0) evidence.say(`${ours} are for devices of the tables that were found`);
  evidence.say(
    whole
      ? 'the 1 MiB around holds nothing else: a table of 65,536 entries as Linux has it'
      : 'the 1 MiB around holds other data: a shorter table, or none',
  );
  return {
    kind: 'interrupt-table',
    vendor: 'intel',
    address: addressOfPfn(first),
    score: evidence.score,
    why: evidence.why,
    devices: [],
    sources: [...sources],
    entries: whole ? 65_536 : pages.length * 256,
    format: 128,
  };
}
