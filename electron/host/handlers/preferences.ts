import type { CallHandlers } from '../../../core/protocol/server.ts';
import { Preferences } from '../preferences.ts';
import type { Workbench } from '../workbench.ts';

/** What a person set for all sessions. */
export function preferencesCalls(bench: Workbench): CallHandlers {
  const preferences = new Preferences(bench.folder);
  return {
    'preferences.load': () => ({ keys: preferences.keys }),
    'preferences.save': ({ keys }) => {
      preferences.keys = keys;
      return {};
    },
  };
}
