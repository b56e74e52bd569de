import type { SessionInfo } from '../../core/protocol/contract.ts';
import { asFailure, isCancelled } from '../engine/failure.ts';
import { PANELS, consoleOf } from '../panels/registry.ts';
import type { PanelKind } from '../panels/registry.ts';
import type { Action } from '../state/actions.ts';
import { takesText } from '../state/keyboard.ts';
import type { Workbench } from '../state/workbench.ts';
import { copyText } from '../ui/clipboard.ts';
import { stepDevice, whoReaches } from './go.ts';
import { PRESETS } from './presets.ts';
import { selectionItems, showInItems } from './selection-menu.ts';

/** Runs a call of the toolbar or a menu; a failure shows in the notice bar. */
export function attempt<T>(
  workbench: Workbench,
  work: Promise<T>,
  take: (answer: T) => void = () => {},
): void {
  work.then(take, (error: unknown) => {
    if (!isCancelled(error)) workbench.notices.fail(asFailure(error));
  });
}

/** A session was opened: takes it, and lays out the first look. */
export function opened(workbench: Workbench, info: SessionInfo): void {
  workbench.session.take(info);
  workbench.start.set(info.empty);
}

/** Registers what keys, buttons and the palette can do. */
export function registerActions(workbench: Workbench): void {
  const { actions, dock, engine, selection, session, view } = workbench;
  const ready = (): boolean => !session.empty;
  const add = (id: string, title: string, run: () => void, possible?: Action['possible']): void =>
    actions.add({ id, title, run, possible });

  for (const kind of Object.keys(PANELS) as PanelKind[])
    add(
      `go.${kind}`,
      `Go to ${PANELS[kind].title}`,
      () => {
        workbench.start.set(false);
        dock.open(kind);
      },
      ready,
    );
  add('go.start', 'Go to Start', () => workbench.start.set(true));

  add('palette.open', 'Jump to…', () => workbench.palette.set({ open: true, text: '' }));
  add('help.open', 'Show the keys', () => workbench.dialog.set('help'));
  add('keys.plain', 'The next keys are plain keys', () => workbench.keyboard.plainNext());
  add('group.next', 'Next group', () => dock.cycle(1), ready);
  add('group.previous', 'Previous group', () => dock.cycle(-1), ready);
  add('escape', 'Close or clear', () => escape(workbench));

  add(
    'selection.back',
    'Back',
    () => selection.back(),
    () => selection.canGoBack,
  );
  add(
    'selection.forward',
    'Forward',
    () => selection.forward(),
    () => selection.canGoForward,
  );
  add('selection.actions', 'Actions for the selection', () =>
    openMenu(workbench, 'Actions for the selection', selectionItems(workbench)),
  );
  add('selection.showIn', 'Show the selection in…', () =>
    openMenu(workbench, 'Show in', showInItems(workbench)),
  );
  add(
    'reverse.open',
    'Who can reach this page?',
    () => whoReaches(workbench, selection.last(({ physical }) => physical) ?? ''),
    ready,
  );
  add('fault.next', 'Next fault', () => void workbench.faults.step(1), ready);
  add('fault.previous', 'Previous fault', () => void workbench.faults.step(-1), ready);
  add('device.next', 'Next device', () => stepDevice(workbench, 1), ready);
  add('device.previous', 'Previous device', () => stepDevice(workbench, -1), ready);
  add('copy.link', 'Copy a link to the entry', () => {
    const { entry } = selection.current;
    if (entry !== undefined) void copyText(linkTo(workbench, entry), workbench.notices);
  });

  add('view.theme', 'Switch the theme', () => view.toggleTheme());
  add('view.density', 'Switch the row height', () => view.toggleDensity());
  add('view.numbers', 'Values in hexadecimal or decimal', () => view.toggleNumbers());
  add('view.larger', 'Larger text', () => view.zoom(1));
  add('view.smaller', 'Smaller text', () => view.zoom(-1));
  add('view.maximise', 'Maximise or restore this group', () => dock.maximise(), ready);
  add('view.splitRight', 'Split right', () => dock.split('right'), ready);
  add('view.splitBelow', 'Split below', () => dock.split('below'), ready);
  add('view.closeTab', 'Close this tab', () => dock.closeActive(), ready);
  add(
    'view.link',
    'Follow the selection, or not',
    () => {
      const { active } = dock.state.get();
      if (active !== undefined) view.toggleLink(active);
    },
    ready,
  );
  add('view.resetLayout', 'Reset the layout', () => dock.preset(dock.presetNumber), ready);
  for (const [index, preset] of PRESETS.entries())
    add(
      `view.preset${index + 1}`,
      `Layout: ${preset.name}`,
      () => {
        workbench.start.set(false);
        dock.preset(index + 1);
      },
      ready,
    );
  for (let tab = 1; tab <= 9; tab++)
    add(`tab.${tab}`, `Tab ${tab} of this group`, () => dock.tab(tab), ready);

  const sample = (id: string, name: string, replay: 'fault' | 'end'): void =>
    add(id, name, () =>
      attempt(workbench, engine.call('session.openSample', { replay }), (info) =>
        opened(workbench, info),
      ),
    );
  sample('target.sample', 'Open the sample', 'end');
  sample('target.replaySample', 'Replay the sample from its first fault', 'fault');
  add('target.story', 'Open the hand-off story', () => openStory(workbench));
  add('target.connect', 'Connect to a console…', () => workbench.dialog.set('connect'));
  add('target.paste', 'Paste a log…', () => workbench.dialog.set('paste'));
  add(
    'target.close',
    'Close the session',
    () => attempt(workbench, engine.call('session.close', {}), (info) => opened(workbench, info)),
    ready,
  );
  add(
    'target.disconnect',
    'Disconnect the console',
    () => disconnect(workbench),
    () => liveConsole(workbench) !== undefined,
  );
  add('target.machine', 'Add a simulated unit', () =>
    attempt(workbench, engine.call('machine.add', {}), (info) => opened(workbench, info)),
  );
  add(
    'change.undo',
    'Undo the last change',
    () => attempt(workbench, engine.call('changes.undo', {})),
    () => session.info.get()?.canUndo ?? false,
  );
  add(
    'change.redo',
    'Redo the change',
    () => attempt(workbench, engine.call('changes.redo', {})),
    () => session.info.get()?.canRedo ?? false,
  );
}

/** `faultline://SESSION/PATH`, or this page's address with the path where a browser shows it. */
export function linkTo(workbench: Workbench, path: string): string {
  const info = workbench.session.info.get();
  if (info?.shell === 'electron') return `faultline://${encodeURIComponent(info.title)}/${path}`;
  return `${location.origin}${location.pathname}#${path}`;
}

function openMenu(
  workbench: Workbench,
  label: string,
  items: ReturnType<typeof selectionItems>,
): void {
  const focused = document.activeElement?.getBoundingClientRect();
  const at = focused ? { x: focused.left + 24, y: focused.top + 48 } : { x: 200, y: 120 };
  if (items.length > 0) workbench.menu.set({ label, at, items });
}

/** Esc: popover, notice, then the panel's filter; the panel answers for the last. */
function escape(workbench: Workbench): void {
  if (workbench.palette.get().open) workbench.palette.set({ open: false, text: '' });
  else if (workbench.menu.get()) workbench.menu.set(undefined);
  else if (workbench.start.get() && !workbench.session.empty) workbench.start.set(false);
  else if (!workbench.notices.dismiss()) {
    // A panel clears its filter; then its list has the focus, and keys are keys again.
    workbench.actions.run('panel.escape');
    const { active } = workbench.dock.state.get();
    if (active !== undefined && !workbench.start.get()) workbench.dock.focus(active);
    const focused = document.activeElement;
    if (takesText(focused)) focused?.closest<HTMLElement>('.panel, .start')?.focus();
  }
}

function liveConsole(workbench: Workbench): string | undefined {
  const { active } = workbench.dock.state.get();
  const consoles = workbench.session.info.get()?.consoles ?? [];
  const live = consoles.filter((each) => each.kind !== 'log' && each.state !== 'ended');
  const shown = active === undefined ? undefined : consoleOf(active);
  return (live.find((each) => each.id === shown) ?? live[0])?.id;
}

function disconnect(workbench: Workbench): void {
  const id = liveConsole(workbench);
  if (id !== undefined)
    attempt(workbench, workbench.engine.call('console.disconnect', { console: id }));
}

/** The lab's story of a stale cache as an investigation, beside the first kernel's tables. */
function openStory(workbench: Workbench): void {
  const { engine, tree } = workbench;
  const story = { scenario: 'hpsa-stale-cache', strategy: 'copy-tables', seed: 1 };
  attempt(workbench, engine.call('session.openStory', story), (info) => {
    opened(workbench, info);
    attempt(workbench, engine.call('states.list', {}), ({ states }) => {
      const first = states.find(({ kind }) => kind === 'second');
      if (first) void tree.compareWith(first.id);
    });
  });
}
