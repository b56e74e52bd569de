import type { ReactNode } from 'react';
import { continuations } from '../keys.ts';
import { useWorkbench } from '../state/context.ts';
import { useStore } from '../state/store.ts';

/** After G, T or V: what may follow. */
export function LeaderList(): ReactNode {
  const { keyboard, actions } = useWorkbench();
  const leader = useStore(keyboard.leader);
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
