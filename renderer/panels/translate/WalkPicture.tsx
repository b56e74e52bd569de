import type { ReactNode } from 'react';
import type { WalkAnswer } from '../../../core/protocol/schema.ts';
import { goTo } from '../../shell/go.ts';
import { useWorkbench } from '../../state/context.ts';
import { walkBoxes } from './model.ts';

/** The walk as boxes from left to right: a table each, the chosen entry between its neighbours. */
export function WalkPicture({ walk }: { readonly walk: WalkAnswer }): ReactNode {
  const workbench = useWorkbench();
  return (
    <ol className="walk-boxes" aria-label="The walk as a picture">
      {walkBoxes(walk).map((box) => {
        const path = box.step?.path;
        const state = box.step?.outcome ?? (box.reached ? 'page' : 'unreached');
        return (
          <li
            key={`${box.name} ${box.step?.table ?? ''}`}
            className={`is-${state}`}
            title={box.reached ? undefined : 'The walk did not come here'}
          >
            <b>{box.name}</b>
            <span>{box.before || '\u00a0'}</span>
            {path === undefined ? (
              <em>{box.chosen}</em>
            ) : (
              <button
                type="button"
                className="walk-chosen"
                title={box.step?.text}
                onClick={() => goTo(workbench, path, { from: 'walk' })}
              >
                {box.chosen}
              </button>
            )}
            <span>{box.after || '\u00a0'}</span>
            <small>{box.foot}</small>
          </li>
        );
      })}
    </ol>
  );
}
