import { asFailure } from '../engine/failure.ts';
import { keymap, takeOwnKeys } from '../keymap.ts';
import type { Workbench } from './workbench.ts';

/** Takes the keys that a person set on this machine, as soon as the engine can tell them. */
export function loadOwnKeys({ engine, link }: Workbench): void {
  let stop: (() => void) | undefined = undefined;
  const look = (): void => {
    if (link.get().state !== 'open') return;
    stop?.();
    engine.call('preferences.load', {}).then(
      ({ keys }) => takeOwnKeys(keys),
      (error: unknown) => console.warn('the keys were not read:', error),
    );
  };
  stop = link.subscribe(look);
  look();
}

/** Keeps the keys as they are now, for all sessions of this machine. */
export function saveOwnKeys({ engine, notices }: Workbench): void {
  engine
    .call('preferences.save', { keys: { ...keymap.get().own } })
    .catch((error: unknown) => notices.fail(asFailure(error)));
}
