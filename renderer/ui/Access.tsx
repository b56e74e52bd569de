import type { ReactNode } from 'react';

export type AccessKind = 'read' | 'write' | 'interrupt' | 'execute';

const LETTERS: Readonly<Record<AccessKind, string>> = {
  read: 'R',
  write: 'W',
  interrupt: 'I',
  execute: 'X',
};

/** Access as a letter in its own shape: outlined R, filled W, round I, dashed X. */
export function Access({ kind }: { readonly kind: AccessKind }): ReactNode {
  return (
    <span className={`access access-${kind}`} role="img" aria-label={kind}>
      {LETTERS[kind]}
    </span>
  );
}

/** Rights of an entry, `rw`; nothing where none are granted. */
export function Rights({
  rights,
}: {
  readonly rights: '' | 'r' | 'w' | 'rw' | undefined;
}): ReactNode {
  if (!rights) return null;
  return (
    <>
      {rights.includes('r') && <Access kind="read" />}
      {rights.includes('w') && <Access kind="write" />}
    </>
  );
}

/** The access of a fault. */
export function faultAccess(fault: {
  readonly type: 'dma' | 'interrupt' | 'event';
  readonly access?: 'read' | 'write';
}): AccessKind | undefined {
  return fault.type === 'interrupt' ? 'interrupt' : fault.access;
}
