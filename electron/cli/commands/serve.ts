import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { Failure } from '../../../core/memory/failure.ts';
import { serve } from '../../serve/serve.ts';
import { EXIT, type Command } from '../command.ts';
import { text, wholeNumber } from '../sources.ts';

export const command: Command = {
  summary: 'the app in an ordinary browser, served from this machine',
  usage: 'serve [SOURCE...] [--port N] [--listen ADDRESS] [--no-open] [--sample]',
  options: {
    port: { type: 'string' },
    listen: { type: 'string' },
    'no-open': { type: 'boolean' },
    sample: { type: 'boolean' },
  },
  help: {
    port: 'N: the port; any free one otherwise',
    listen:
      'ADDRESS: another address than loopback; whoever has the token then controls this engine',
    'no-open': 'print the address only',
    sample: 'open the bundled sample, its console replaying',
  },
  async run({ args, options, io }) {
    for (const path of args)
      if (!existsSync(path))
        throw new Failure(
          'unreadable',
          `File not found: ${path}.`,
          'Nothing was served.',
          'Check the name.',
        );
    const served = await serve({
      paths: args.map((path) => resolve(path)),
      sample: options['sample'] === true,
      port: wholeNumber(options, 'port'),
      listen: text(options, 'listen'),
      open: options['no-open'] !== true,
      say: (line) => io.out(`${line}\n`),
    });
    io.signal.addEventListener('abort', () => void served.close(), { once: true });
    const reason = await served.closed;
    if (reason !== undefined) io.note(`faultline serve: ${reason}`);
    return reason === undefined ? EXIT.answered : EXIT.unreadable;
  },
};
