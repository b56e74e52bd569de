import { LogCollector } from '../../../core/log/parse.ts';
import { Failure } from '../../../core/memory/failure.ts';
import { scanDocument, type CandidateJson } from '../../../core/session/scan-document.ts';
import { EXIT, SOURCE_HELP, SOURCE_OPTIONS, type Command } from '../command.ts';
import { columns, paint, printable, type Io } from '../io.ts';
import { readLogs, storyOf } from '../logs.ts';
import { progress } from '../progress.ts';
import { openSources, wholeNumber } from '../sources.ts';

/** Kinds that a person looks for; page tables and context tables belong to them. */
const MAIN = /root-table$|^device-table$|^interrupt-table$/;

export const command: Command = {
  summary: 'tables found without a kernel or registers, scored and explained',
  usage: 'scan SOURCE... [LOG]',
  options: { ...SOURCE_OPTIONS, all: { type: 'boolean' }, 'as-registers': { type: 'boolean' } },
  help: {
    ...SOURCE_HELP,
    all: 'context and page tables too',
    'as-registers': 'write the best tables as a register file for --registers',
  },
  // oxlint-disable-next-line require-await -- the contract of commands
  async run({ args, options, io }) {
    const investigation = openSources(args, { args, options, io });
    if (!investigation.memory)
      throw new Failure(
        'unreadable',
        'No memory was given.',
        'A scan looks at the pages of a dump.',
        'Give a dump or a raw image.',
      );
    const collector = new LogCollector();
    // Only logs that were given: the kernel in a dump is not asked here.
    if (investigation.logs.length > 0) readLogs(investigation, () => collector);
    const meter = progress(io, 'scanning');
    const document = scanDocument(
      investigation,
      {
        signal: io.signal,
        ...(investigation.logs.length > 0 ? { story: storyOf(collector) } : {}),
      },
      (done, all) => meter.show(done / all, `page ${done} of ${all}`),
    );
    meter.end();
    const limit = wholeNumber(options, 'limit') ?? Number.POSITIVE_INFINITY;
    const shown = document.candidates.slice(0, limit);
    if (options['as-registers']) {
      if (!document.registers)
        throw new Failure(
          'unreadable',
          'No table was found that could be used.',
          'There is nothing to write.',
          'Look at what there is with `faultline scan --all`.',
        );
      io.out(`${JSON.stringify(document.registers, null, 1)}\n`);
    } else if (options['json'])
      io.out(`${JSON.stringify({ ...document, candidates: shown }, null, 1)}\n`);
    else if (options['ndjson']) io.out(shown.map((each) => `${JSON.stringify(each)}\n`).join(''));
    else
      print(
        shown.filter(({ kind }) => options['all'] === true || MAIN.test(kind)),
        io,
      );
    if (!options['json']) for (const note of document.notes) io.note(`note: ${printable(note)}`);
    if (document.candidates.length > limit)
      io.note(
        `faultline scan: ${document.candidates.length - limit} candidates more were left out by --limit ${limit}.`,
      );
    return document.incomplete.length > 0 ? EXIT.interrupted : EXIT.answered;
  },
};

function print(candidates: readonly CandidateJson[], io: Io): void {
  if (candidates.length === 0) {
    io.out('No table was found.\n');
    return;
  }
  io.out(
    columns(
      io,
      [
        { title: 'score', right: true },
        { title: 'address' },
        { title: 'kind' },
        { title: 'unit' },
        { title: 'devices', right: true },
        { title: 'why' },
      ],
      candidates.map(({ score, address, kind, vendor, devices, why, units }) => [
        paint(io, score > 0.9 ? 'green' : 'dim', score.toFixed(3)),
        address,
        kind === 'interrupt-table' ? `${vendor} ${kind}` : kind,
        units?.map(({ name }) => name).join(' ') ?? '–',
        String(devices.length),
        printable(why.join('; ')),
      ]),
    ),
  );
}
