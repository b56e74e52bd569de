import { formatCount, formatSize } from '../../../core/format/size.ts';
import { DEFAULT_BUDGET } from '../../../core/iommu/unit.ts';
import {
  diffDocument,
  type DiffDocument,
  type DiffSide,
  type MappingDiffJson,
} from '../../../core/session/diff-document.ts';
import { EXIT, SOURCE_HELP, SOURCE_OPTIONS, type Command, type Invocation } from '../command.ts';
import { paint, printable, type Io } from '../io.ts';
import { progress } from '../progress.ts';
import { openSources, unitsOf, usage, wholeNumber } from '../sources.ts';

export const command: Command = {
  summary: 'two captured states, compared on decoded fields',
  usage: 'diff A... -- B... [--registers A.json] [--registers-b B.json]',
  options: { ...SOURCE_OPTIONS, 'registers-b': { type: 'string' } },
  help: {
    ...SOURCE_HELP,
    registers: 'FILE: register values of the side that it stands on, when its source has none',
    'registers-b': 'FILE: register values of B',
    limit: 'N: at most N changes for people',
  },
  twoParts: true,
  // oxlint-disable-next-line require-await -- the contract of commands
  async run(invocation) {
    const { io, options } = invocation;
    const { a, b } = sides(invocation);
    const meter = progress(io, 'comparing');
    const document = diffDocument(a, b, {
      budget: { ...DEFAULT_BUDGET, signal: io.signal },
      step: (done, all) => meter.show(done / all, `table ${done + 1} of ${all}`),
    });
    meter.end();
    if (options['json']) io.out(`${JSON.stringify(document, null, 1)}\n`);
    else if (options['ndjson'])
      io.out(
        [...document.changes, ...document.mappings]
          .map((each) => `${JSON.stringify(each)}\n`)
          .join(''),
      );
    else print(document, wholeNumber(options, 'limit') ?? Number.POSITIVE_INFINITY, io);
    for (const { text } of document.missing) io.note(`missing: ${printable(text)}`);
    for (const each of document.incomplete)
      io.note(`incomplete: ${each.address ?? ''} ${printable(each.text)}`);
    if (io.signal.aborted) return EXIT.interrupted;
    if (!document.equal) return EXIT.found;
    return document.incomplete.length + document.missing.length > 0 ? EXIT.partial : EXIT.answered;
  },
};

/** The two states: what stands before `--`, and what stands behind it. */
function sides({ args, split, options, io }: Invocation): { a: DiffSide; b: DiffSide } {
  const at = split ?? (args.length === 2 ? 1 : undefined);
  if (at === undefined || at === 0 || at >= args.length)
    throw usage(
      'Two states are needed.',
      'Write the sources of the first, then --, then those of the second: faultline diff A.elf A.json -- B.elf B.json.',
    );
  const open = (sources: readonly string[], registers: string | boolean | undefined): DiffSide => {
    const own = { args: sources, options: { ...options, registers }, io };
    const investigation = openSources(sources, own);
    return { investigation, units: unitsOf(investigation, own.options) };
  };
  return {
    a: open(args.slice(0, at), options['registers']),
    b: open(args.slice(at), options['registers-b']),
  };
}

function print(document: DiffDocument, limit: number, io: Io): void {
  const { compared } = document;
  const what = `${compared.units} ${compared.units === 1 ? 'unit' : 'units'}, ${formatCount(compared.devices)} devices, ${formatCount(compared.leaves)} leaves`;
  if (document.equal) io.out(`No difference in ${what}.\n`);
  for (const { path, field, a, b } of document.changes.slice(0, limit))
    io.out(`${path}  ${field}  ${value(io, 'red', a)} → ${value(io, 'green', b)}\n`);
  if (document.changes.length > limit)
    io.note(
      `faultline diff: ${document.changes.length - limit} changes more were left out by --limit ${limit}.`,
    );
  for (const each of document.mappings) printMappings(each, io);
}

function value(io: Io, style: 'red' | 'green', of: string | number | boolean | null): string {
  return paint(io, style, of === null ? '–' : printable(String(of)));
}

const SIGNS = { removed: '−', added: '+', changed: 'Δ', unknown: '?' } as const;
/** Ranges of each kind that a person is shown. */
const SHOWN = 8;

function printMappings(diff: MappingDiffJson, io: Io): void {
  io.out(`${diff.path}  mappings (${diff.devices.join(', ')})\n`);
  for (const kind of ['removed', 'added', 'changed', 'unknown'] as const) {
    const { count, bytes, ranges } = diff[kind];
    if (count === 0) continue;
    const word = kind === 'unknown' ? 'not known in the other state' : kind;
    io.out(`  ${SIGNS[kind]} ${formatSize(bytes)} ${word}, ${count} ranges\n`);
    for (const { iova, pa, size, rights, was } of ranges.slice(0, SHOWN))
      io.out(
        `      ${iova} → ${pa} ${size} ${rights}${was ? `  (was ${was.pa} ${was.rights})` : ''}\n`,
      );
  }
}
