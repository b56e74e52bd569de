import type { Workbench } from '../state/workbench.ts';
import { goTo } from './go.ts';

/** A link of browser mode has the path behind its `#`: goes there when a session is open. */
export function followHash(workbench: Workbench): void {
  const go = (): void => {
    const path = decodeURIComponent(location.hash.slice(1));
    if (path === '' || workbench.session.empty) return;
    history.replaceState(history.state, '', location.pathname + location.search);
    goTo(workbench, path, { focus: true, from: 'hash' });
  };
  globalThis.addEventListener('hashchange', go);
  const stop = workbench.dock.state.subscribe(() => {
    if (workbench.dock.state.get().open.length === 0) return;
    stop();
    go();
  });
}
