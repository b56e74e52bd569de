import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { labItem, storyItem } from '../../../core/handoff/json.ts';
import { runStory } from '../../../core/handoff/run.ts';
import { HandoffStory, type CallName } from '../../../core/protocol/contract.ts';
import type { CallHandlers, FeedHandlers } from '../../../core/protocol/server.ts';
import { PACKAGE_ROOT } from '../package-root.ts';
import type { ScriptRunner } from '../script/runner.ts';

const SCRIPTS = join(PACKAGE_ROOT, 'resources/scripts');

/** The hand-off lab. */
export const labCalls: CallHandlers = {
  'handoff.list': () => {
    const { scenarios, strategies } = labItem();
    return { scenarios: [...scenarios], strategies: [...strategies] };
  },
  'handoff.run': ({ scenario, strategy, seed }) =>
    HandoffStory.parse(storyItem(runStory(scenario, strategy, seed))),
};

export interface Scripts {
  readonly calls: CallHandlers;
  readonly feeds: FeedHandlers;
  dispose(): Promise<void>;
}

/** Scripts, whose only door is the contract: `call` answers them as it answers a view. */
export function scripts(
  call: (name: CallName, body: unknown, signal: AbortSignal) => Promise<unknown>,
): Scripts {
  /** Loaded with the first script: it brings a compiler along. */
  let runner: Promise<ScriptRunner> | undefined;
  const load = async (): Promise<ScriptRunner> =>
    new (await import('../script/runner.ts')).ScriptRunner(call);
  const running = new Map<string, AbortController>();
  return {
    calls: {
      'script.stop': ({ run }) => {
        running.get(run)?.abort();
        return {};
      },
      'script.types': () => ({
        declarations: readFileSync(join(SCRIPTS, 'faultline.d.ts'), 'utf8'),
      }),
      'script.samples': () => ({
        scripts: readdirSync(SCRIPTS)
          .filter((name) => name.endsWith('.ts') && !name.endsWith('.d.ts'))
          .sort()
          .map((name) => ({ name, source: readFileSync(join(SCRIPTS, name), 'utf8') })),
      }),
    },
    feeds: {
      'script.run': async ({ run, source, repl }, sink) => {
        const stop = new AbortController();
        running.set(run, stop);
        const gone = (): void => stop.abort();
        sink.signal.addEventListener('abort', gone, { once: true });
        try {
          runner ??= load();
          await (await runner).run(source, repl, (output) => sink.push(output), stop.signal);
        } finally {
          running.delete(run);
        }
      },
    },
    dispose: async () => (await runner)?.dispose(),
  };
}
