import type { KernelContext } from './context.ts';
import { variable64 } from './context.ts';

/** COMMAND_LINE_SIZE of x86. */
const MAX_COMMAND_LINE = 2048;

export interface BootParameter {
  readonly name: string;
  /** Text behind the equals sign, quotes taken off; undefined when there is none. */
  readonly value: string | undefined;
}

/** The kernel's command line as it was given. */
export function readCommandLine(context: KernelContext): string | undefined {
  return context.notes.within('saved_command_line', () => {
    const pointer = variable64(context, 'saved_command_line');
    return pointer ? context.memory.text(pointer, MAX_COMMAND_LINE) : undefined;
  });
}

/** Splits a command line as the kernel does: at spaces that stand outside double quotes. */
function parseCommandLine(text: string): BootParameter[] {
  const parameters: BootParameter[] = [];
  for (const [word] of text.matchAll(/(?:"[^"]*"?|[^\s"])+/g)) {
    const plain = word.replaceAll('"', '');
    const equals = plain.indexOf('=');
    parameters.push(
      equals < 0
        ? { name: plain, value: undefined }
        : { name: plain.slice(0, equals), value: plain.slice(equals + 1) },
    );
  }
  return parameters;
}

/** Whether this is a crash (kdump) kernel's command line. */
export function isCrashKernelLine(text: string): boolean {
  return parseCommandLine(text).some((parameter) => parameter.name === 'elfcorehdr');
}
