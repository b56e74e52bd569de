import type { ReactNode } from 'react';

/** Severities and states: each has a colour and a shape of its own. */
export type GlyphKind = 'error' | 'warning' | 'note' | 'ok' | 'unknown';

/** Names that screen readers hear. */
const GLYPH_NAMES: Readonly<Record<GlyphKind, string>> = {
  error: 'Error',
  warning: 'Warning',
  note: 'Note',
  ok: 'OK',
  unknown: 'Unknown',
};

const SHAPES: Readonly<Record<GlyphKind, ReactNode>> = {
  error: (
    <>
      <path fill="currentColor" d="M4.5 1h5L13 4.5v5L9.500 13h-5L1 9.500v-5z" />
      <path
        stroke="var(--bg1)"
        strokeWidth="1.6"
        d="M4.800 4.800l4.400 4.400M9.200 4.800L4.800 9.200"
      />
    </>
  ),
  warning: (
    <>
      <path fill="currentColor" d="M7 1l6.500 12H.5z" />
      <path stroke="var(--bg1)" strokeWidth="1.5" d="M7 5v4M7 10.200v1.300" />
    </>
  ),
  note: (
    <>
      <circle cx="7" cy="7" r="5.500" fill="none" stroke="currentColor" strokeWidth="1.5" />
      <path stroke="currentColor" strokeWidth="1.6" d="M7 6v4M7 3.700v1.300" />
    </>
  ),
  ok: <path fill="none" stroke="currentColor" strokeWidth="2" d="M2 7.500l3.500 3.500L12 3.500" />,
  unknown: (
    <circle
      cx="7"
      cy="7"
      r="5.500"
      fill="none"
      stroke="currentColor"
      strokeWidth="1.5"
      strokeDasharray="2.5 2"
    />
  ),
};

interface GlyphProps {
  readonly kind: GlyphKind;
  /** Said instead of the kind's own name; an empty one hides the glyph from readers. */
  readonly name?: string;
}

export function Glyph({ kind, name = GLYPH_NAMES[kind] }: GlyphProps): ReactNode {
  const label = name === '' ? { 'aria-hidden': true } : { role: 'img', 'aria-label': name };
  return (
    <svg className={`glyph glyph-${kind}`} viewBox="0 0 14 14" {...label}>
      {SHAPES[kind]}
    </svg>
  );
}

/** The product's mark: a fault between two lines. */
export function Mark(): ReactNode {
  return (
    <svg width="18" height="18" viewBox="0 0 18 18" aria-hidden="true">
      <path fill="none" stroke="var(--accent)" strokeWidth="2" d="M1 4h6l3 5-3 5H1" />
      <path fill="none" stroke="var(--err)" strokeWidth="2" d="M17 4h-4l3 5-3 5h4" />
    </svg>
  );
}
