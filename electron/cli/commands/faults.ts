import { hex, hexByte } from '../../../core/format/hex.ts';
import type { FaultRecord } from '../../../core/iommu/fault.ts';
import {
  FaultCounter,
  countJson,
  faultJson,
  faultNdjson,
  noteJson,
} from '../../../core/log/json.ts';
import { SettledFaults } from '../../../core/log/parse.ts';
import type { LogNote, LogSink } from '../../../core/log/records.ts';
import { EXIT, SOURCE_HELP, SOURCE_OPTIONS, type Command } from '../command.ts';
import { columns, printable, type Io } from '../io.ts';
import { readLogs } from '../logs.ts';
import { openSources, wholeNumber } from '../sources.ts';

/** Characters gathered before a write. */
const CHUNK = 1 << 16;

export const command: Command = {
  summary: 'one record per fault of a console log, or of the log in a dump',
  usage: 'faults LOG|SOURCE... [--count]',
  options: { ...SOURCE_OPTIONS, count: { type: 'boolean' } },
  help: { ...SOURCE_HELP, count: 'totals by device and reason' },
  async run({ args, options, io }) {
    const investigation = openSources(args, { args, options, io });
    const segments = options['segments'] === true;
    const limit = wholeNumber(options, 'limit') ?? Number.POSITIVE_INFINITY;
    const counter = new FaultCounter();
    const kept: FaultRecord[] = [];
    const notes: LogNote[] = [];
    let seen = 0;
    let text = '';
    const take = (record: FaultRecord): void => {
      if (options['count']) return counter.add(record);
      if (seen++ >= limit) return;
      if (!options['ndjson']) return void kept.push(record);
      text += faultNdjson(record, segments);
      if (text.length < CHUNK) return;
      io.out(text);
      text = '';
    };
    const settling: SettledFaults[] = [];
    readLogs(investigation, () => {
      const settled = new SettledFaults(take);
      settling.at(-1)?.settle();
      settling.push(settled);
      const sink: LogSink = {
        onFault: (record) => settled.onFault(record),
        onFaultGrown: (record) => settled.onFaultGrown(record),
        onNote: (note) => void (options['json'] && notes.push(note)),
      };
      return sink;
    });
    settling.at(-1)?.settle();
    if (text) io.out(text);
    const rows = counter.rows();
    if (options['count']) {
      if (options['json'])
        io.out(
          `${JSON.stringify({ schema: 'faultline.faults/1', counts: rows.map(countJson) }, null, 1)}\n`,
        );
      else if (options['ndjson'])
        io.out(rows.map((row) => `${JSON.stringify(countJson(row))}\n`).join(''));
      else
        io.out(
          columns(
            io,
            [{ title: 'count', right: true }, { title: 'device' }, { title: 'reason' }],
            rows.map((row) => [
              String(row.count),
              row.bdf ?? '–',
              row.event ??
                `${row.reason === undefined ? '–' : hexByte(row.reason)} ${row.reasonName ?? ''}`,
            ]),
          ),
        );
    } else if (options['json'])
      io.out(
        `${JSON.stringify({ schema: 'faultline.faults/1', faults: kept.map((record) => faultJson(record, segments)), notes: notes.map(noteJson) }, null, 1)}\n`,
      );
    else if (!options['ndjson']) {
      print(kept, io);
      await printDumps(kept, io);
    }
    if (seen > limit)
      io.note(`faultline faults: ${seen - limit} faults more were left out by --limit ${limit}.`);
    return EXIT.answered;
  },
};

/** The entries that kernels printed after faults, decoded. */
async function printDumps(records: readonly FaultRecord[], io: Io): Promise<void> {
  if (!records.some(({ dump }) => dump)) return;
  // The layouts are loaded for people only.
  const { describeDump } = await import('../../../core/log/describe.ts');
  const rows = records.flatMap((record) =>
    (record.dump ?? [])
      .filter(({ words }) => words.length > 0)
      .map((entry) => [
        String(record.line),
        `${entry.what}${entry.level === undefined ? '' : ` of level ${entry.level}`}`,
        entry.words.map(hex).join(' '),
        printable(describeDump(entry, record.dump ?? [])),
      ]),
  );
  if (rows.length === 0) return;
  io.out(
    `\n${columns(
      io,
      [
        { title: 'fault', right: true },
        { title: 'what the kernel printed after it' },
        { title: 'raw' },
        { title: 'decoded' },
      ],
      rows,
    )}`,
  );
}

function print(records: readonly FaultRecord[], io: Io): void {
  io.out(
    columns(
      io,
      [
        { title: 'line', right: true },
        { title: 'time', right: true },
        { title: 'kernel', right: true },
        { title: 'device' },
        { title: 'access' },
        { title: 'address' },
        { title: 'what' },
      ],
      records.map((record) => [
        String(record.line),
        record.time === undefined ? '–' : record.time.toFixed(6),
        String(record.kernel),
        record.bdf ?? '–',
        record.access ?? (record.type === 'interrupt' ? 'interrupt' : '–'),
        record.address === undefined
          ? record.index === undefined
            ? '–'
            : `index ${record.index}`
          : hex(record.address),
        printable(
          record.event
            ? `${record.event}${record.flagNames?.length ? ` (${record.flagNames.join(' ')})` : ''}`
            : `${record.reason === undefined ? '' : hexByte(record.reason)} ${record.reasonName ?? ''}`,
        ),
      ]),
    ),
  );
}
