import { useState } from 'react';

/**
 * Whether a value differs from the last render's: for state that begins anew with it. The state
 * is set during the render, so that nothing of the old shows with the new.
 */
export function useChanged<T>(value: T): boolean {
  const [seen, setSeen] = useState(value);
  if (Object.is(seen, value)) return false;
  setSeen(value);
  return true;
}
