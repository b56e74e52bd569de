import { main } from '../../electron/cli/main.ts';

export interface CliResult {
  readonly code: number;
  readonly out: string;
  readonly notes: string;
}

/** Runs one command line in this process, as `faultline` would, without colour or a terminal. */
export async function runCli(argv: readonly string[], signal?: AbortSignal): Promise<CliResult> {
  const out: string[] = [];
  const notes: string[] = [];
  const code = await main(argv, {
    out: (text) => void out.push(text),
    note: (text) => void notes.push(text),
    colour: false,
    progress: false,
    signal: signal ?? new AbortController().signal,
  });
  return { code, out: out.join(''), notes: notes.join('\n') };
}

/** The same, with the output parsed as one JSON document. */
export async function runJson<T = Record<string, unknown>>(
  argv: readonly string[],
): Promise<CliResult & { readonly json: T }> {
  const result = await runCli([...argv, '--json']);
  if (result.out === '') throw new Error(`no output; exit ${result.code}: ${result.notes}`);
  return { ...result, json: JSON.parse(result.out) as T };
}
