import type { ReactNode } from 'react';
import { keysOf } from '../keys.ts';

/** The strokes of a key: one box each. */
export function Keys({ keys }: { readonly keys: string }): ReactNode {
  return (
    <>
      {keys.split(' ').map((stroke) => (
        <kbd key={stroke}>{stroke}</kbd>
      ))}
    </>
  );
}

/** The key of an action, when it has one. */
export function ActionKeys({ action }: { readonly action: string }): ReactNode {
  const keys = keysOf(action);
  return keys ? <Keys keys={keys} /> : null;
}
