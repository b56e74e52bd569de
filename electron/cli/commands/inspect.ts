import { inspectDocument, inspectGroups } from '../../../core/session/inspect-document.ts';
import { EXIT, SOURCE_HELP, SOURCE_OPTIONS, type Command } from '../command.ts';
import { paint, printable } from '../io.ts';
import { openSources } from '../sources.ts';

export const command: Command = {
  summary: 'what a source is, and what can be asked of it',
  usage: 'inspect SOURCE...',
  options: { ...SOURCE_OPTIONS },
  help: SOURCE_HELP,
  async run({ args, options, io }) {
    const document = inspectDocument(openSources(args, { args, options, io }));
    if (options['json']) io.out(`${JSON.stringify(document, null, 1)}\n`);
    else {
      for (const { title, rows } of inspectGroups(document)) {
        io.out(`${paint(io, 'bold', title)}\n`);
        for (const { name, value } of rows) io.out(`  ${name.padEnd(14)} ${printable(value)}\n`);
      }
      for (const finding of document.findings)
        io.out(`${finding.severity}: ${printable(finding.text)}\n`);
    }
    for (const each of document.incomplete)
      io.note(`incomplete: ${each.address ?? ''} ${printable(each.text)}`);
    return document.incomplete.length > 0 || document.source?.incomplete
      ? EXIT.partial
      : EXIT.answered;
  },
};
