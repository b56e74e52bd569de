import { existsSync, renameSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import type { EngineClient } from '../../../core/protocol/client.ts';
import { messageLines } from '../../../core/linux/printk.ts';
import { Failure } from '../../../core/memory/failure.ts';
import { directEngine, type Engine } from '../../host/engine.ts';
import { EXIT, type Command } from '../command.ts';
import { text, usage } from '../sources.ts';

export const command: Command = {
  summary: 'the whole investigation as one self-contained page, notes included',
  usage: 'report SOURCE... [-o FILE]',
  options: {
    output: { type: 'string', short: 'o' },
    format: { type: 'string' },
    filter: { type: 'string' },
    registers: { type: 'string' },
    'hide-hosts': { type: 'boolean' },
  },
  help: {
    output: 'FILE (or -o): where to write it; standard output without',
    format: 'html or markdown (html, or by the end of FILE)',
    filter: 'TEXT: only the faults that pass, as the Faults panel filters them',
    registers: 'FILE: register values, when the source has none',
    'hide-hosts': 'replace the names of machines',
  },
  async run({ args, options, io }) {
    const registers = text(options, 'registers');
    const named = [...args, ...(registers === undefined ? [] : [registers])];
    if (named.length === 0)
      throw usage('No SOURCE was given.', 'Name dumps, logs, register files, or a session.');
    for (const path of named)
      if (!existsSync(path))
        throw new Failure(
          'unreadable',
          `File not found: ${path}.`,
          'Nothing was read.',
          'Check the name.',
        );
    const output = text(options, 'output');
    const format =
      text(options, 'format') ?? (/\.(?:md|markdown)$/i.test(output ?? '') ? 'markdown' : 'html');
    if (format !== 'html' && format !== 'markdown')
      throw usage(`--format takes html or markdown, not "${format}".`, 'Choose one of these.');
    const { engine, client } = directEngine();
    try {
      await open(
        engine,
        client,
        named.map((path) => resolve(path)),
        io.signal,
      );
      const report = await client.call(
        'report.make',
        { format, filter: text(options, 'filter'), hideHosts: options['hide-hosts'] === true },
        { signal: io.signal },
      );
      if (output === undefined) io.out(report.text);
      else {
        const part = `${output}.part`;
        writeFileSync(part, report.text);
        renameSync(part, output);
        io.note(`faultline report: ${output}`);
      }
      const { problems, sources } = await client.call('session.get', {});
      for (const problem of problems) io.note(`incomplete: ${problem}`);
      return problems.length > 0 ||
        sources.some(({ state }) => state === 'failed' || state === 'partial')
        ? EXIT.partial
        : EXIT.answered;
    } finally {
      await engine.dispose();
    }
  },
};

/** Opens the sources and waits until their text is read; a dump alone brings its own log. */
async function open(
  engine: Engine,
  client: EngineClient,
  paths: readonly string[],
  signal: AbortSignal,
): Promise<void> {
  await client.call('session.open', { paths: [...paths], add: false }, { signal });
  const { consoles } = await client.call('session.get', {});
  const lines = engine.bench.investigation?.kernel()?.dmesg().flatMap(messageLines) ?? [];
  if (consoles.length === 0 && lines.length > 0)
    await client.call('session.openText', {
      name: 'log in the dump',
      text: `${lines.join('\n')}\n`,
      add: true,
    });
  for (const { id, kind } of consoles)
    if (kind === 'replay') await client.call('console.replay', { console: id, action: 'end' });
  for await (const info of client.subscribe('session.changes', {}, { signal })) {
    const busy = info.consoles.some(({ state }) => state === 'connecting' || state === 'live');
    if (!busy && info.jobs.length === 0) return;
  }
}
