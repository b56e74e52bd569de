import type { ReactNode } from 'react';
import type { SessionItem } from '../../core/protocol/contract-sessions.ts';
import { Glyph } from '../ui/Glyph.tsx';
import { contentsOf, warningOf } from './sessions.ts';

/** A session in a list: worst finding, name, time, contents, and what is wrong with it. */
export function SessionRow({
  session,
  onOpen,
}: {
  readonly session: SessionItem;
  readonly onOpen: () => void;
}): ReactNode {
  const warning = warningOf(session);
  const worst = session.faults > 0 ? 'error' : (session.worst ?? 'ok');
  return (
    <button
      type="button"
      className="start-recent"
      title={session.path}
      disabled={session.elsewhere}
      onClick={onOpen}
    >
      <Glyph kind={session.missing.length > 0 ? 'unknown' : worst} />
      <b>{session.title}</b>
      <time dateTime={session.saved}>{session.saved.slice(0, 16).replace('T', ' ')}</time>
      <span>{contentsOf(session)}</span>
      {warning !== '' && (
        <span className="start-warning">
          {warning}
          {session.missing.length > 0 && !session.elsewhere ? ' · Locate…' : ''}
        </span>
      )}
    </button>
  );
}
