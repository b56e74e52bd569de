import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import type { ScriptOutput } from '../../../core/protocol/contract.ts';
import { Failure } from '../../../core/memory/failure.ts';
import { directEngine } from '../../host/engine.ts';
import { EXIT, type Command } from '../command.ts';
import { columns, printable, type Io } from '../io.ts';
import { usage } from '../sources.ts';

export const command: Command = {
  summary: 'runs a script (TypeScript, sandboxed) on sources',
  usage: 'run SCRIPT [SOURCE...]',
  options: { json: { type: 'boolean' }, ndjson: { type: 'boolean' } },
  help: { json: 'the output as one JSON document', ndjson: 'one piece of output a line' },
  async run({ args, options, io }) {
    const [script, ...sources] = args;
    if (script === undefined)
      throw usage('No script was given.', 'Name a .ts file, then the sources.');
    const source = readScript(script);
    const { engine, client } = directEngine();
    const outputs: ScriptOutput[] = [];
    let state = 'failed';
    try {
      if (sources.length > 0) {
        const paths = sources.map((each) => resolve(each));
        const session = await client.call('session.open', { paths, add: false });
        // A script sees the whole recording: nobody watches it being replayed here.
        for (const { id, replay } of session.consoles)
          if (replay) await client.call('console.replay', { console: id, action: 'end' });
      }
      const feed = client.subscribe(
        'script.run',
        { run: 'cli', source, repl: false },
        { signal: io.signal },
      );
      for await (const output of feed) {
        if (output.kind === 'done') state = output.state;
        if (options['json']) outputs.push(output);
        else if (options['ndjson']) io.out(`${JSON.stringify(output)}\n`);
        else show(output, script, io);
      }
    } finally {
      await engine.dispose();
    }
    if (options['json'])
      io.out(`${JSON.stringify({ schema: 'faultline.run/1', state, output: outputs }, null, 1)}\n`);
    if (io.signal.aborted) return EXIT.interrupted;
    return state === 'finished' ? EXIT.answered : EXIT.unreadable;
  },
};

function readScript(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new Failure(
      'unreadable',
      `The script can't be read: ${(error as Error).message}.`,
      '',
      'Name a file that is there.',
    );
  }
}

function show(output: ScriptOutput, script: string, io: Io): void {
  if (output.kind === 'print' || output.kind === 'value') io.out(`${printable(output.text)}\n`);
  else if (output.kind === 'chart') {
    if (output.title !== '') io.out(`${printable(output.title)}\n`);
    for (const [at, x] of output.x.entries()) io.out(`${x}\t${output.y[at]}\n`);
    if (output.dropped > 0) io.out(`${output.dropped} more points\n`);
  } else if (output.kind === 'table') {
    io.out(
      columns(
        io,
        output.columns.map((title) => ({ title: printable(title) })),
        output.rows.map((row) => row.map(printable)),
      ),
    );
    if (output.dropped > 0) io.note(`faultline run: ${output.dropped} rows more were left out.`);
  } else if (output.kind === 'error')
    io.note(
      `${script}${output.line === undefined ? '' : `:${output.line}${output.column === undefined ? '' : `:${output.column}`}`}: ${printable(output.text)}`,
    );
}
