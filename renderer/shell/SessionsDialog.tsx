import type { ReactNode } from 'react';
import { asFailure } from '../engine/failure.ts';
import { useCall } from '../engine/useCall.ts';
import { useWorkbench } from '../state/context.ts';
import { Dialog } from '../ui/Dialog.tsx';
import { ErrorBlock } from '../ui/ErrorBlock.tsx';
import { Glyph } from '../ui/Glyph.tsx';
import { SessionRow } from './SessionRow.tsx';
import { openSession } from './sessions.ts';

/** Sessions of this machine: taken up again, or removed. */
export function SessionsDialog({ onClose }: { readonly onClose: () => void }): ReactNode {
  const workbench = useWorkbench();
  const { engine, notices, dialog } = workbench;
  const list = useCall('sessions.list', {}, false);
  const { sessions = [], unreadable = [], note } = list.value ?? {};
  const remove = (path: string, title: string): void => {
    engine.call('sessions.remove', { path }).then(
      () => {
        notices.show({ severity: 'ok', text: `Removed the session ${title}.` });
        list.retry();
      },
      (error: unknown) => notices.fail(asFailure(error)),
    );
  };
  return (
    <Dialog
      title="Open a session"
      onClose={onClose}
      foot={
        <>
          <button
            type="button"
            className="btn"
            style={{ marginRight: 'auto' }}
            onClick={() => {
              onClose();
              workbench.actions.run('target.open');
            }}
          >
            A .faultline file…
          </button>
          <button type="button" className="btn" onClick={onClose}>
            Cancel
          </button>
        </>
      }
    >
      {note !== undefined && <p className="hint-line">{note}</p>}
      {list.failure && <ErrorBlock failure={list.failure} retry={list.retry} />}
      {list.value && sessions.length === 0 && (
        <p className="muted">No other session is on this machine.</p>
      )}
      <ul className="sessions-list">
        {sessions.map((session) => (
          <li key={session.path}>
            <SessionRow
              session={session}
              onOpen={() => {
                dialog.set(undefined);
                openSession(workbench, session.path);
              }}
            />
            <RemoveButton
              title={session.title}
              disabled={session.elsewhere}
              onRemove={() => remove(session.path, session.title)}
            />
          </li>
        ))}
        {unreadable.map(({ path, why }) => (
          <li key={path} className="sessions-unreadable">
            <Glyph kind="error" /> {why}
          </li>
        ))}
      </ul>
    </Dialog>
  );
}

/** Asks before a session goes: what was recorded in it goes too. */
function RemoveButton({
  title,
  disabled,
  onRemove,
}: {
  readonly title: string;
  readonly disabled: boolean;
  readonly onRemove: () => void;
}): ReactNode {
  return (
    <details className="sessions-remove">
      <summary className="btn" aria-label={`Remove the session ${title}`}>
        Remove…
      </summary>
      <button type="button" className="btn" disabled={disabled} onClick={onRemove}>
        Remove it from the disk
      </button>
    </details>
  );
}
