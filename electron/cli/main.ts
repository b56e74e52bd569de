import { Failure } from '../../core/memory/failure.ts';
import { EXIT, type Command, type Invocation, type OptionValues } from './command.ts';
import type { Io } from './io.ts';
import { COMMANDS } from './commands.ts';

/** Runs one command line. @returns the exit code. */
export async function main(argv: readonly string[], io: Io): Promise<number> {
  const name = argv[0];
  if (name === undefined || name === '--help' || name === '-h' || name === 'help') {
    if (name === 'help' && argv[1]) return await help(argv[1], io);
    io.out(await overview());
    return name === undefined ? EXIT.usage : EXIT.answered;
  }
  if (name === '--version' || name === '-V') {
    const { VERSION } = await import('../../core/session/version.ts');
    io.out(`faultline ${VERSION}\n`);
    return EXIT.answered;
  }
  const load = COMMANDS[name];
  if (!load) {
    io.note(`faultline: there is no command "${name}". \`faultline --help\` lists them.`);
    return EXIT.usage;
  }
  const command = await load();
  if (argv.includes('--help') || argv.includes('-h')) {
    io.out(commandHelp(name, command));
    return EXIT.answered;
  }
  let parsed: Omit<Invocation, 'io'>;
  try {
    parsed = parse(argv.slice(1), command);
  } catch (error) {
    io.note(
      `faultline ${name}: ${(error as Error).message.split('. To specify')[0]}. \`faultline ${name} --help\` shows its options.`,
    );
    return EXIT.usage;
  }
  try {
    return await command.run({ ...parsed, io });
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    io.note(`faultline ${name}: ${error.line()}`);
    if (error.kind === 'usage') return EXIT.usage;
    return error.kind === 'cancelled' ? EXIT.interrupted : EXIT.unreadable;
  }
}

/** Arguments and options of a command line. @throws Error when an option is wrong. */
function parse(argv: readonly string[], command: Command): Omit<Invocation, 'io'> {
  const read = (args: readonly string[]): { positionals: string[]; values: OptionValues } =>
    // Not imported: the rest of node:util would be loaded with it.
    process.getBuiltinModule('node:util').parseArgs({
      args: [...args],
      options: command.options,
      allowPositionals: true,
      strict: true,
    }) as { positionals: string[]; values: OptionValues };
  const middle = command.twoParts ? argv.indexOf('--') : -1;
  const first = read(middle < 0 ? argv : argv.slice(0, middle));
  if (middle < 0) return { args: first.positionals, options: first.values };
  const second = read(argv.slice(middle + 1));
  // Registers given behind the separator are those of the second state.
  const { registers, ...rest } = second.values;
  return {
    args: [...first.positionals, ...second.positionals],
    split: first.positionals.length,
    options: {
      ...first.values,
      ...(registers === undefined ? {} : { 'registers-b': registers }),
      ...rest,
    },
  };
}

async function overview(): Promise<string> {
  const rows = await Promise.all(
    Object.entries(COMMANDS).map(
      async ([name, load]) => `  ${name.padEnd(10)} ${(await load()).summary}`,
    ),
  );
  return `faultline COMMAND [SOURCE...] [options]\n\nSees what an IOMMU did: from dumps, consoles and register values.\n\n${rows.join('\n')}\n\n\`faultline COMMAND --help\` shows a command's options. Exit: 0 answered, 1 a check found\nsomething, 2 wrong usage, 3 no answer, 4 answered in part, 130 interrupted.\n`;
}

async function help(name: string, io: Io): Promise<number> {
  const load = COMMANDS[name];
  if (!load) return EXIT.usage;
  io.out(commandHelp(name, await load()));
  return EXIT.answered;
}

function commandHelp(name: string, command: Command): string {
  const options = Object.keys(command.options).map(
    (option) => `  --${option.padEnd(14)} ${command.help[option] ?? ''}`,
  );
  return `faultline ${command.usage}\n\n${command.summary}\n\n${options.join('\n')}\n`.replace(
    'faultline COMMAND',
    `faultline ${name}`,
  );
}
