import type { SessionInfo } from '../../core/protocol/contract.ts';
import type { Workbench } from './workbench.ts';

/** Which session it is: another first source, or none, is another session. */
function identity(info: SessionInfo | undefined): string {
  return !info || info.empty ? '' : (info.sources[0]?.id ?? info.units[0]?.name ?? 'session');
}

/**
 * Follows the session: when one is opened, its saved view is taken, what was selected in the one
 * before is forgotten, and the dock may show.
 */
export function followSession(workbench: Workbench): void {
  const { session, view, faults, timeline, tree, compared, selection, ready } = workbench;
  let known = '';
  const look = (): void => {
    const now = identity(session.info.get());
    if (now === known) return;
    const another = known !== '';
    known = now;
    if (now === '') return ready.set(false);
    if (another) selection.publish({ from: 'session' });
    void view.load().then(() => {
      if (known !== now) return;
      faults.restore();
      timeline.restore();
      compared.restore();
      tree.restart();
      ready.set(true);
    });
  };
  session.info.subscribe(look);
  look();
}
