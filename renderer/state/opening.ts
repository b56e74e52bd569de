import { MOST_UNFOLDED } from '../../core/protocol/contract-tables.ts';
import type { SessionInfo } from '../../core/protocol/contract.ts';
import { blamedFiles, locate, readAgain } from '../shell/sessions.ts';
import type { KeptTree } from '../panels/tables/model.ts';
import { notOpenedAgain } from '../wording.ts';
import type { Notice } from './notices.ts';
import { textsOf } from './saved.ts';
import type { Selection } from './selection.ts';
import type { Workbench } from './workbench.ts';

/** Which session it is; empty when there is nothing to show of one. */
function identity(info: SessionInfo | undefined): string {
  return !info || info.empty ? '' : info.id;
}

/** Parts of a selection that are kept with the session. */
const KEPT: readonly (keyof Selection)[] = [
  'unit',
  'bdf',
  'pasid',
  'iova',
  'access',
  'physical',
  'entry',
  'register',
  'fault',
  'console',
  'line',
];

/**
 * Follows the session: when one is opened, its saved view is taken, with what was selected in it;
 * what was selected in the one before is forgotten, and the dock may show.
 */
export function followSession(workbench: Workbench): void {
  const { session, view, faults, timeline, tree, compared, selection, ready } = workbench;
  let known = '';
  let taken = '';
  let told = '';
  const look = (): void => {
    const info = session.info.get();
    if (info) told = tellProblems(workbench, info, told);
    const now = identity(info);
    if (now === known) return;
    const before = known;
    const another = before !== '';
    known = now;
    if (now === '') return ready.set(false);
    if (another) selection.publish({ from: 'session' });
    void view.load(another).then((had) => {
      if (known !== now) return;
      if (!had) {
        // The next engine tells the session again, and is asked then.
        known = before;
        return;
      }
      const kept = view.panel<Partial<Selection>>('selection', {});
      if (KEPT.some((part) => kept[part] !== undefined))
        selection.publish({ ...kept, from: 'session' });
      taken = now;
      faults.restore();
      timeline.restore();
      compared.restore();
      tree.restore(keptTree(view.panel('tree', {})));
      tree.restart();
      ready.set(true);
      keep();
    });
  };
  session.info.subscribe(look);
  const keep = (): void => {
    if (taken === '' || taken !== known) return;
    const { current } = selection;
    view.remember(
      'selection',
      Object.fromEntries(
        KEPT.flatMap((part) => (current[part] === undefined ? [] : [[part, current[part]]])),
      ),
    );
  };
  selection.store.subscribe(keep);
  tree.kept.subscribe(() => {
    if (taken !== '' && taken === known) view.remember('tree', tree.kept.get());
  });
  look();
}

/** Reads what was kept of the tree; what is not of that form is left out. */
function keptTree(saved: { readonly all?: unknown; readonly unfolded?: unknown }): KeptTree {
  const unfolded: unknown[] = Array.isArray(saved.unfolded) ? saved.unfolded : [];
  const paths = unfolded.map((each) => (typeof each === 'string' ? each : pathIn(each)));
  return {
    all: saved.all === true,
    unfolded: textsOf(paths).slice(0, MOST_UNFOLDED),
  };
}

/** A row of the form that earlier programs kept, `{ path, subtree }`. */
const pathIn = (kept: unknown): unknown => (Object(kept) as { path?: unknown }).path;

/**
 * Says what of a session is not as it remembers it.
 * @param told what was said before, which is not said again
 */
function tellProblems(workbench: Workbench, info: SessionInfo, told: string): string {
  const gone = info.sources.find(({ missing }) => missing !== undefined);
  const { notices } = workbench;
  const blamed = blamedFiles(info);
  const words = [
    ...(gone ? [`File not found: ${gone.missing}`] : []),
    ...(blamed.length > 0 ? [notOpenedAgain(blamed)] : []),
    ...info.problems,
  ];
  const now = `${info.id} ${words.join(' ')}`;
  if (words.length === 0) return '';
  if (now === told) return told;
  const act = (title: string, work: () => void): Pick<Notice, 'action'> => ({
    action: {
      title,
      run: () => {
        notices.dismiss();
        work();
      },
    },
  });
  notices.show({
    severity: 'warning',
    text: words.join(' '),
    ...(gone?.missing !== undefined
      ? act('Locate…', () => locate(workbench, gone.id, gone.missing!))
      : blamed.length > 0
        ? act('Read again', () => readAgain(workbench))
        : { details: words.join('\n') }),
  });
  return now;
}
