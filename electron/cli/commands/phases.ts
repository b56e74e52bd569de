import { kernelJson, noteJson, phaseJson } from '../../../core/log/json.ts';
import { LogCollector } from '../../../core/log/parse.ts';
import { EXIT, SOURCE_HELP, SOURCE_OPTIONS, type Command } from '../command.ts';
import { columns, paint, printable } from '../io.ts';
import { readLogs } from '../logs.ts';
import { openSources, wholeNumber } from '../sources.ts';

/** What a status register or a descriptor in the line says, behind it. */
const inline = (decoded: string, event: string): string =>
  decoded === event || decoded === '' ? '' : `  (${printable(decoded)})`;

/** A value of a phase's JSON as a cell. */
const word = (value: unknown): string => String(value as string | number);

export const command: Command = {
  summary: "a log's kernels and milestones, each with its clock",
  usage: 'phases LOG...',
  options: { ...SOURCE_OPTIONS },
  help: SOURCE_HELP,
  async run({ args, options, io }) {
    const investigation = openSources(args, { args, options, io });
    const limit = wholeNumber(options, 'limit') ?? Number.POSITIVE_INFINITY;
    const logs: LogCollector[] = [];
    readLogs(investigation, () => {
      const log = new LogCollector();
      // A storm's faults and marks are not this command's.
      log.onFault = log.onFaultGrown = log.onMark = () => undefined;
      logs.push(log);
      return log;
    });
    const json = logs.flatMap((log) =>
      log.phases.map((phase) => phaseJson(phase, log.kernels[phase.kernel]?.clock ?? '')),
    );
    const shown = json.slice(0, limit);
    if (options['ndjson']) io.out(shown.map((each) => `${JSON.stringify(each)}\n`).join(''));
    else if (options['json'])
      io.out(
        `${JSON.stringify(
          {
            schema: 'faultline.phases/1',
            kernels: logs.flatMap((log) => log.kernels.map(kernelJson)),
            phases: shown,
            notes: logs.flatMap((log) => log.notes.map(noteJson)),
          },
          null,
          1,
        )}\n`,
      );
    else {
      const { describePhase } = await import('../../../core/log/describe.ts');
      const phases = logs.flatMap((log) => log.phases);
      for (const log of logs)
        for (const kernel of log.kernels)
          io.out(
            `${paint(io, 'bold', kernel.clock)}  ${printable(kernel.release ?? 'release not seen')}, from line ${kernel.line}${kernel.panic ? `, panicked: ${printable(kernel.panic)}` : ''}\n`,
          );
      io.out(
        columns(
          io,
          [
            { title: 'line', right: true },
            { title: 'clock' },
            { title: 'time', right: true },
            { title: 'phase' },
            { title: 'what' },
          ],
          shown.map((phase, index) => [
            word(phase['line']),
            word(phase['clock']),
            typeof phase['time'] === 'number' ? phase['time'].toFixed(6) : '–',
            word(phase['phase']),
            printable(word(phase['text'])).slice(0, 160) +
              inline(describePhase(phases[index]), phases[index].event),
          ]),
        ),
      );
    }
    if (shown.length < json.length)
      io.note(
        `faultline phases: ${json.length - shown.length} more were left out by --limit ${limit}.`,
      );
    return EXIT.answered;
  },
};
