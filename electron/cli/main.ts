import { parseArgs } from 'node:util';
import { Failure } from '../../core/memory/failure.ts';
import { EXIT, type Command, type OptionValues } from './command.ts';
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
  let parsed: {
    values: OptionValues;
    positionals: string[];
    tokens: readonly { readonly kind: string }[];
  };
  try {
    parsed = parseArgs({
      args: argv.slice(1),
      options: command.options,
      allowPositionals: true,
      strict: true,
      tokens: true,
    }) as typeof parsed;
  } catch (error) {
    io.note(
      `faultline ${name}: ${(error as Error).message.split('. To specify')[0]}. \`faultline ${name} --help\` shows its options.`,
    );
    return EXIT.usage;
  }
  try {
    const { positionals: args, values: options } = parsed;
    return await command.run({ args, options, split: terminator(parsed.tokens), io });
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    io.note(`faultline ${name}: ${error.line()}`);
    if (error.kind === 'usage') return EXIT.usage;
    return error.kind === 'cancelled' ? EXIT.interrupted : EXIT.unreadable;
  }
}

/** Arguments before `--`, as the tokens of a command line have them. */
function terminator(tokens: readonly { readonly kind: string }[]): number | undefined {
  const at = tokens.findIndex(({ kind }) => kind === 'option-terminator');
  if (at < 0) return undefined;
  return tokens.slice(0, at).filter(({ kind }) => kind === 'positional').length;
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
