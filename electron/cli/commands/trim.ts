import { closeSync, existsSync, openSync, renameSync, rmSync, writeSync } from 'node:fs';
import { setImmediate } from 'node:timers/promises';
import { formatSize } from '../../../core/format/size.ts';
import { Failure } from '../../../core/memory/failure.ts';
import { trim, type Keep } from '../../../core/session/trim.ts';
import { fileSource } from '../../host/platform.ts';
import { EXIT, SOURCE_HELP, SOURCE_OPTIONS, type Command } from '../command.ts';
import { progress } from '../progress.ts';
import { openSources, text, usage } from '../sources.ts';

const KEEPS: readonly string[] = ['kernel', 'tables'] satisfies Keep[];

export const command: Command = {
  summary: 'the smallest dump that still answers',
  usage: 'trim SOURCE... -o OUT [--keep kernel|tables]',
  options: {
    ...SOURCE_OPTIONS,
    output: { type: 'string', short: 'o' },
    keep: { type: 'string' },
    force: { type: 'boolean' },
  },
  help: {
    ...SOURCE_HELP,
    output: 'FILE: where the trimmed dump goes (-o)',
    keep: "kernel: what the answers need and no page of anyone's data (default); tables: table pages only",
    force: 'write over a file that is there',
  },
  async run({ args, options, io }) {
    const out = text(options, 'output');
    if (out === undefined) throw usage('No output was named.', 'Give -o FILE.');
    const keep = text(options, 'keep') ?? 'kernel';
    if (!KEEPS.includes(keep))
      throw usage(`--keep takes kernel or tables, not "${keep}".`, 'Choose one.');
    if (existsSync(out) && !options['force'])
      throw usage(`${out} is there already.`, 'Choose another name, or --force.');
    const investigation = openSources(args, { args, options, io });
    const part = `${out}.part`;
    let fd = open(part);
    const meter = progress(io, 'trimming');
    try {
      const result = await trim(investigation, {
        keep: keep as Keep,
        signal: io.signal,
        step: () => setImmediate(),
        output: {
          write: (bytes) => void writeSync(fd, bytes),
          reopen: () => {
            closeSync(fd);
            fd = -1;
            return fileSource(part);
          },
        },
        progress: (what, done, all) => meter.show(done / Math.max(1, all), what),
      });
      meter.end();
      if (result.differences.length > 0)
        throw new Failure(
          'unreadable',
          `The trimmed dump answers otherwise in: ${result.differences.join(', ')}.`,
          'It was not kept.',
          'Send the whole dump, and report this.',
        );
      renameSync(part, out);
      const document = {
        schema: 'faultline.trim/1',
        output: out,
        keep,
        pages: result.pages,
        bytes: result.bytes,
        compared: result.compared,
      };
      io.out(
        options['json']
          ? `${JSON.stringify(document, null, 1)}\n`
          : `${out}: ${result.pages} pages, ${formatSize(result.bytes)}; ${result.compared.length} answers are equal before and after\n`,
      );
      return EXIT.answered;
    } finally {
      meter.end();
      if (fd >= 0) closeSync(fd);
      rmSync(part, { force: true });
    }
  },
};

function open(path: string): number {
  try {
    return openSync(path, 'w', 0o600);
  } catch (error) {
    throw new Failure(
      'system',
      `${path} can't be written: ${(error as Error).message}.`,
      'Nothing was trimmed.',
      'Choose another place.',
    );
  }
}
