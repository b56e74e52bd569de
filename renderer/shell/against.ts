import type { MenuItem, Workbench } from '../state/workbench.ts';
import { attempt } from './actions.ts';

/** Registers the action that puts another state beside the tables. */
export function registerAgainstAction(workbench: Workbench): void {
  workbench.actions.add({
    id: 'tables.against',
    title: 'Tables: show changes against…',
    run: () => chooseAgainst(workbench),
    possible: () => !workbench.session.empty,
  });
}

/** Asks which state Tables shows beside its own: what differs there is marked. */
function chooseAgainst(workbench: Workbench): void {
  const { engine, tree, dock, menu, actions } = workbench;
  const opener = document.activeElement?.getBoundingClientRect();
  attempt(workbench, engine.call('states.list', {}), ({ states }) => {
    const { against } = tree.state.get();
    const put = (state: string | undefined): void => {
      dock.open('tables');
      void tree.compareWith(state);
    };
    const items: MenuItem[] = [
      { title: 'Nothing', checked: against === undefined, run: () => put(undefined) },
      ...states
        .filter(({ kind }) => kind !== 'captured')
        .map(({ id, name, detail }) => ({
          title: name,
          detail,
          checked: id === against,
          run: () => put(id),
        })),
      { title: 'Open a second state…', run: () => void actions.run('target.second') },
    ];
    const at = opener ? { x: opener.left, y: opener.bottom + 2 } : { x: 320, y: 120 };
    menu.set({ label: 'Show changes against', at, items });
  });
}
