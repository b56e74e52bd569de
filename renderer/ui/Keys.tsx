import type { ReactNode } from 'react';
import { keymap, keysOf, keyWords } from '../keymap.ts';
import { writtenStroke } from '../keys.ts';
import { useStore } from '../state/store.ts';

/** The strokes of a key: one box each. */
export function Keys({ keys }: { readonly keys: string }): ReactNode {
  return (
    <>
      {keys.split(' ').map((stroke, at) => (
        // A key of two strokes may be one stroke twice.
        // oxlint-disable-next-line react/no-array-index-key
        <kbd key={`${at} ${stroke}`}>{writtenStroke(stroke)}</kbd>
      ))}
    </>
  );
}

/** All keys of an action as words, as they are now: for a tip. */
export function useKeyWords(action: string): string {
  return useStore(keymap, () => keyWords(action));
}

/** The key of an action, when it has one. */
export function ActionKeys({ action }: { readonly action: string }): ReactNode {
  // A person may give it other keys.
  const keys = useStore(keymap, () => keysOf(action));
  return keys ? <Keys keys={keys} /> : null;
}
