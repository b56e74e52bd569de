import { Failure } from '../../../core/memory/failure.ts';
import { incompleteJson } from '../../../core/session/json.ts';
import { messageLines } from '../../../core/linux/printk.ts';
import { EXIT, SOURCE_HELP, SOURCE_OPTIONS, type Command } from '../command.ts';
import { printable } from '../io.ts';
import { openSources, wholeNumber } from '../sources.ts';

export const command: Command = {
  summary: "the kernel's log from the dump's own ring",
  usage: 'dmesg SOURCE...',
  options: { ...SOURCE_OPTIONS },
  help: SOURCE_HELP,
  async run({ args, options, io }) {
    const investigation = openSources(args, { args, options, io });
    const kernel = investigation.kernel();
    if (!kernel)
      throw new Failure(
        'unreadable',
        investigation.noKernel || 'No memory was given.',
        'The log stands in kernel memory.',
        'Give a dump that holds the kernel.',
      );
    const limit = wholeNumber(options, 'limit') ?? Number.POSITIVE_INFINITY;
    const all = kernel.dmesg();
    const messages = all.slice(0, limit);
    const incomplete = incompleteJson(kernel.incomplete);
    const json = messages.map((message) => ({
      sequence: message.sequence,
      time: Number(message.time) / 1e9,
      level: message.level ?? null,
      caller: message.caller ?? null,
      text: message.text,
    }));
    if (options['json'])
      io.out(
        `${JSON.stringify({ schema: 'faultline.dmesg/1', release: kernel.release, messages: json, incomplete }, null, 1)}\n`,
      );
    else if (options['ndjson']) io.out(json.map((each) => `${JSON.stringify(each)}\n`).join(''));
    else
      io.out(
        messages
          .flatMap(messageLines)
          .map((line) => `${printable(line)}\n`)
          .join(''),
      );
    if (messages.length < all.length)
      io.note(
        `faultline dmesg: ${all.length - messages.length} records more were left out by --limit.`,
      );
    for (const each of incomplete)
      io.note(`incomplete: ${each.address ?? ''} ${printable(each.text)}`);
    return incomplete.length > 0 ? EXIT.partial : EXIT.answered;
  },
};
