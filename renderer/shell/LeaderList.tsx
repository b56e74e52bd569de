import type { ReactNode } from 'react';
import { continuations } from '../keymap.ts';
import { useWorkbench } from '../state/context.ts';
import { useStore } from '../state/store.ts';

/** After G, N, T or V: what may follow. After Shift+F2: that the next keys are plain keys. */
export function LeaderList(): ReactNode {
  const { keyboard, actions } = useWorkbench();
  const leader = useStore(keyboard.leader);
  const plain = useStore(keyboard.plain);
  if (plain && !leader)
    return (
      <div className="popover leader-list is-line" role="status">
        The next keys are plain keys. <kbd>Esc</kbd> cancels.
      </div>
    );
  if (!leader?.listed) return null;
  return (
    <div className="popover leader-list" role="status" aria-label={`Keys after ${leader.leader}`}>
      {continuations(leader.leader)
        .filter(({ action }) => actions.has(action))
        .map(({ keys, text }) => (
          <div key={keys}>
            <kbd>{keys.split(' ')[1]}</kbd>
            <span className="second">{text}</span>
          </div>
        ))}
    </div>
  );
}
