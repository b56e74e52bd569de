import type { ReactNode } from 'react';
import { useCall } from '../../engine/useCall.ts';
import { useWorkbench } from '../../state/context.ts';
import { ActionKeys } from '../../ui/Keys.tsx';
import { TargetLink } from '../../ui/TargetLink.tsx';

/** The changes made here: they stay in this window, nothing of them reaches a target. */
export function Journal(): ReactNode {
  const { actions } = useWorkbench();
  const journal = useCall('changes.list', {}).value;
  if (!journal || (journal.changes.length === 0 && !journal.canRedo)) return null;
  return (
    <section className="section journal" aria-label="Changes made here">
      <h3>Changes made here</h3>
      <div className="button-row">
        <button
          type="button"
          className="btn"
          disabled={!journal.canUndo}
          onClick={() => actions.run('change.undo')}
        >
          Undo <ActionKeys action="change.undo" />
        </button>
        <button
          type="button"
          className="btn"
          disabled={!journal.canRedo}
          onClick={() => actions.run('change.redo')}
        >
          Redo <ActionKeys action="change.redo" />
        </button>
      </div>
      <ul>
        {journal.changes.map((change) => (
          <li key={change.id}>
            {change.path === undefined ? (
              change.text
            ) : (
              <TargetLink target={change.path}>{change.text}</TargetLink>
            )}{' '}
            <span className="mono muted">
              {change.before} → <span className="diff">{change.after}</span>
            </span>
          </li>
        ))}
      </ul>
    </section>
  );
}
