import { DEFAULT_BUDGET } from '../../../core/iommu/unit.ts';
import { deviceJson, deviceText } from '../../../core/session/device-names.ts';
import { incompleteJson } from '../../../core/session/json.ts';
import {
  parseRange,
  reverseAnswer,
  type AskedRange,
  type ReverseRow,
} from '../../../core/session/reverse-document.ts';
import { toldRanges } from '../../../core/session/physical-map.ts';
import { sourceJson } from '../../../core/session/tables-document.ts';
import { EXIT, SOURCE_HELP, SOURCE_OPTIONS, type Command } from '../command.ts';
import { columns, printable } from '../io.ts';
import { progress } from '../progress.ts';
import { openSources, unitsOf, usage, wholeNumber } from '../sources.ts';

export const command: Command = {
  summary: 'who can reach physical memory: device, address, rights',
  usage: 'reverse SOURCE... PA[-PA|+LENGTH]',
  options: { ...SOURCE_OPTIONS },
  help: SOURCE_HELP,
  // oxlint-disable-next-line require-await -- the contract of commands
  async run({ args, options, io }) {
    const { sources, ranges } = splitArguments(args);
    const investigation = openSources(sources, { args: sources, options, io });
    const units = unitsOf(investigation, options);
    const limit = wholeNumber(options, 'limit') ?? Number.POSITIVE_INFINITY;
    const meter = progress(io, 'sweeping page tables');
    const answer = reverseAnswer(units, ranges, {
      budget: { ...DEFAULT_BUDGET, signal: io.signal },
      step: (done, all) => meter.show(done / all, `table ${done + 1} of ${all}`),
      map: toldRanges(investigation),
    });
    meter.end();
    const rows: ReverseRow[] = [];
    let left = 0;
    for (const row of answer.rows) {
      if (rows.length < limit) rows.push(row);
      else left++;
    }
    const incomplete = incompleteJson([...investigation.incomplete(), ...answer.incomplete]);
    if (options['ndjson']) io.out(rows.map((row) => `${JSON.stringify(row)}\n`).join(''));
    else if (options['json'])
      io.out(
        `${JSON.stringify(
          {
            schema: 'faultline.reverse/1',
            source: sourceJson(investigation),
            places: answer.places,
            reaches: rows.map((row) => ({ ...row, ...deviceJson(investigation, row.bdf) })),
            notes: answer.notes,
            incomplete,
          },
          null,
          1,
        )}\n`,
      );
    else {
      for (const { start, end, is } of answer.places)
        io.out(`${start}${start === end ? '' : `–${end}`}: ${printable(is)}\n`);
      if (rows.length === 0) io.out('No device reaches it.\n');
    }
    if (!options['json'] && !options['ndjson'] && rows.length > 0)
      io.out(
        columns(
          io,
          ['unit', 'device', 'pasid', 'iova', 'pa', 'size', 'rights', ''].map((title) => ({
            title,
          })),
          rows.map((row) => [
            row.unit,
            row.bdf,
            row.pasid === undefined ? '–' : String(row.pasid),
            row.iova,
            row.pa,
            row.size,
            row.untranslated ? `${row.rights}, not translated` : row.rights,
            printable(deviceText(investigation, row.bdf) ?? ''),
          ]),
        ),
      );
    if (!options['json']) for (const note of answer.notes) io.note(`note: ${note}`);
    if (left > 0)
      io.note(`faultline reverse: ${left} rows more were left out by --limit ${limit}.`);
    for (const each of incomplete)
      io.note(`incomplete: ${each.address ?? ''} ${printable(each.text)}`);
    if (io.signal.aborted) return EXIT.interrupted;
    return incomplete.length > 0 ? EXIT.partial : EXIT.answered;
  },
};

/** The arguments behind the sources are physical ranges. @throws Failure when none is. */
function splitArguments(args: readonly string[]): {
  readonly sources: readonly string[];
  readonly ranges: readonly AskedRange[];
} {
  let split = args.length;
  while (split > 1 && parseRange(args[split - 1])) split--;
  const ranges = args.slice(split).map((each) => parseRange(each)!);
  if (ranges.length === 0)
    throw usage(
      args.length < 2
        ? 'A source and a physical address are needed.'
        : `Not a physical address: "${args[args.length - 1]}".`,
      'For example: faultline reverse vmcore 0x1f00000, or 0x1f00000-0x1ffffff, or 0x1f00000+0x1000.',
    );
  return { sources: args.slice(0, split), ranges };
}
