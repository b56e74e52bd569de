import type {
  DockviewApi,
  DockviewTheme,
  IDockviewHeaderActionsProps,
  IDockviewPanelHeaderProps,
} from 'dockview-react';
import { DockviewReact } from 'dockview-react';
import 'dockview-react/dist/styles/dockview.css';
import type { ReactNode } from 'react';
import { useCallback, useEffect, useRef } from 'react';
import { formatCount } from '../../core/format/size.ts';
import { keysOf } from '../keymap.ts';
import { COMPONENTS } from '../panels/components.tsx';
import { consoleOf, kindOf } from '../panels/registry.ts';
import { useWorkbench } from '../state/context.ts';
import { useStore } from '../state/store.ts';
import type { MenuItem } from '../state/workbench.ts';
import { MenuButton } from '../ui/MenuButton.tsx';
import { watchSplitters } from './splitters.ts';
import './dock.css';

const THEME: DockviewTheme = { name: 'faultline', className: 'dock-theme' };

/** The dock: groups of tabs that a person can drag, split and close. */
export function Dock(): ReactNode {
  const { dock, view } = useWorkbench();
  const end = useRef<(() => void) | undefined>(undefined);
  const root = useRef<HTMLDivElement>(null);

  const onReady = useCallback(
    ({ api }: { api: DockviewApi }) => {
      const element = root.current;
      if (!element) return;
      const detach = dock.attach(api, view.state.get(), view.narrow.get());
      const splitters = watchSplitters(element, () => view.state.get().zoom / 100);
      const moved = api.onDidLayoutChange(splitters.update);
      const named = dock.state.subscribe(splitters.update);
      const resized = view.narrow.subscribe(() => dock.resized(view.narrow.get()));
      splitters.update();
      end.current = () => {
        resized();
        named();
        moved.dispose();
        splitters.stop();
        detach();
      };
    },
    [dock, view],
  );
  useEffect(() => () => end.current?.(), []);

  return (
    <main className="dock" ref={root} aria-label="Panels">
      <DockviewReact
        components={COMPONENTS}
        tabComponents={{ tab: Tab }}
        defaultTabComponent={Tab}
        rightHeaderActionsComponent={GroupActions}
        onReady={onReady}
        theme={THEME}
        disableFloatingGroups
        noPanelsOverlay="emptyGroup"
        announcements={false}
      />
    </main>
  );
}

/** A tab's face: the panel's name and its count. */
function Tab({ api }: IDockviewPanelHeaderProps): ReactNode {
  const { session } = useWorkbench();
  const info = useStore(session.info);
  const kind = kindOf(api.id);
  const extra = kind === 'faults' ? formatCount(info?.counts.faults ?? 0) : '';
  const console =
    kind === 'console'
      ? (info?.consoles.find((each) => each.id === consoleOf(api.id)) ?? info?.consoles[0])
      : undefined;
  const name = console?.name ?? api.title ?? '';
  const face = useRef<HTMLSpanElement>(null);
  // The tab itself is dockview's; its name must be what it shows.
  useEffect(() => {
    const label = `${name} ${extra}`.trim();
    let frame = 0;
    // Dockview puts the face into its tab later, and into another when the panel moves.
    const say = (): void => {
      const tab = face.current?.closest('[role="tab"]');
      if (!tab) soon();
      else if (tab.getAttribute('aria-label') !== label) tab.setAttribute('aria-label', label);
    };
    const soon = (): void => {
      cancelAnimationFrame(frame);
      frame = requestAnimationFrame(say);
    };
    say();
    const moved = api.onDidGroupChange(soon);
    return () => {
      cancelAnimationFrame(frame);
      moved.dispose();
    };
  }, [api, name, extra]);
  return (
    <span className="tab-face" ref={face}>
      {name}
      {extra !== '' && (
        <>
          {' '}
          <span className="muted">{extra}</span>
        </>
      )}
    </span>
  );
}

/** The menu at the end of a group's tabs. */
function GroupActions({ activePanel }: IDockviewHeaderActionsProps): ReactNode {
  const { actions, dock, view } = useWorkbench();
  const place = useRef<HTMLSpanElement>(null);
  const title = activePanel?.title;
  // The row of tabs is dockview's, and has no name of its own.
  useEffect(() => {
    const header = place.current?.closest('.dv-tabs-and-actions-container');
    header?.querySelector('[role="tablist"]')?.setAttribute('aria-label', `Tabs beside ${title}`);
  }, [title]);
  if (!activePanel) return null;
  const { id } = activePanel;
  const action = (name: string, title: string): MenuItem => ({
    title,
    keys: keysOf(name),
    run: () => {
      dock.open(id);
      actions.run(name);
    },
  });
  const items = (): MenuItem[] => [
    {
      title: 'Follows the selection',
      keys: keysOf('view.link'),
      checked: view.linked(id),
      run: () => view.toggleLink(id),
    },
    ...(actions.offers(id, 'copy.as') ? [action('copy.as', 'Copy as…')] : []),
    action('view.maximise', 'Maximise or restore'),
    action('view.splitRight', 'Split right'),
    action('view.splitBelow', 'Split below'),
    ...(actions.has('view.window') ? [action('view.window', 'Move to a window of its own')] : []),
    action('view.closeTab', 'Close this tab'),
  ];
  return (
    <span ref={place}>
      <MenuButton
        label={`Menu of ${activePanel.title ?? id}`}
        name={`Menu of ${activePanel.title ?? id}`}
        className="group-menu"
        items={items}
      >
        ⋯
      </MenuButton>
    </span>
  );
}
