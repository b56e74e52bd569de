import type {
  DockviewApi,
  DockviewGroupPanel,
  IDockviewPanel,
  SerializedDockview,
} from 'dockview-react';
import type { Home, PanelKind } from '../panels/registry.ts';
import { PANELS, kindOf } from '../panels/registry.ts';
import type { Store } from '../state/store.ts';
import { createStore } from '../state/store.ts';
import { layoutOf } from './layout.ts';
import { narrowed } from './narrow.ts';
import { PRESETS } from './presets.ts';

/** Least size of a group, px. */
const LEAST = { minimumWidth: 240, minimumHeight: 120 };

/** What is saved of the dock. */
export interface SavedDock {
  readonly layout?: unknown;
  /** The layout of a wide window, while `layout` is a narrow one's. */
  readonly wide?: unknown;
  readonly preset: number;
}

export interface DockState {
  /** Panels that a person can see. */
  readonly visible: readonly string[];
  /** The panel in front of the focused group. */
  readonly active: string | undefined;
  /** All panels that are in the layout. */
  readonly open: readonly string[];
}

const CLOSED: DockState = { visible: [], active: undefined, open: [] };

/** Opens, places and focuses panels; the layout itself belongs to dockview. */
export class DockModel {
  readonly state: Store<DockState> = createStore<DockState>(CLOSED);
  #api: DockviewApi | undefined;
  /** Ways to put the focus into a panel that is mounted. */
  readonly #focusers = new Map<string, () => void>();
  #wanted: string | undefined;
  #opener: HTMLElement | undefined;
  #preset = 1;
  #narrow = false;
  /** What a wide window had, while the window is narrow. */
  #wide: unknown;
  readonly #changed: () => void;
  /** The one panel that this window shows, in a window beside the main one. */
  readonly #only: string | undefined;

  /** @param changed called when a person may have changed the layout. */
  constructor(changed: () => void, only?: string) {
    this.#changed = changed;
    this.#only = only;
  }

  /** Takes the dock when it is mounted. @returns a function for its end. */
  attach(api: DockviewApi, saved: SavedDock, narrow: boolean): () => void {
    this.#api = api;
    this.#preset = saved.preset;
    const update = (): void => this.#update();
    const listeners = [
      api.onDidLayoutChange(() => {
        update();
        this.#changed();
      }),
      api.onDidActivePanelChange(update),
      api.onDidAddGroup((group) => group.api.setConstraints(LEAST)),
    ];
    this.#narrow = narrow;
    this.#wide = narrow ? (saved.wide ?? saved.layout) : undefined;
    const restored =
      this.#only !== undefined
        ? this.#alone(this.#only)
        : narrow && saved.wide === undefined
          ? this.#restore(saved.layout) && this.#fold()
          : this.#restore(narrow ? saved.layout : (saved.wide ?? saved.layout));
    if (!restored) this.preset(saved.preset);
    update();
    return () => {
      for (const listener of listeners) listener.dispose();
      this.#api = undefined;
      this.state.set(CLOSED);
    };
  }

  get presetNumber(): number {
    return this.#preset;
  }

  /** What is to be saved. */
  saved(): SavedDock {
    return { layout: this.#api?.toJSON(), wide: this.#wide, preset: this.#preset };
  }

  /** Lays the panels out anew, as one of the presets. */
  preset(number: number): void {
    const api = this.#api;
    if (!api || this.#only !== undefined) return;
    this.#preset = number;
    const preset = PRESETS[number - 1] ?? PRESETS[0];
    const layout = layoutOf(preset, api.width, api.height);
    api.exitMaximizedGroup();
    this.#wide = this.#narrow ? layout : undefined;
    api.fromJSON(this.#narrow ? narrowed(layout) : layout, { reuseExistingPanels: true });
    this.focus(preset.focus);
  }

  /**
   * The window became narrow: the right column becomes tabs of the left one. It became wide
   * again: what it had then is back, with what was opened since.
   */
  resized(narrow: boolean): void {
    const api = this.#api;
    if (!api || narrow === this.#narrow || this.#only !== undefined) return;
    this.#narrow = narrow;
    api.exitMaximizedGroup();
    if (narrow) {
      this.#wide = api.toJSON();
      this.#fold();
      return;
    }
    const open = api.panels.map(({ id }) => id);
    const wide = this.#wide;
    this.#wide = undefined;
    if (!this.#restore(wide)) return this.preset(this.#preset);
    for (const id of open) {
      const kind = kindOf(id);
      if (kind && !api.getPanel(id)) this.#add(api, id, kind, false);
    }
  }

  /** Puts the layout of a wide window into a narrow one. */
  #fold(): boolean {
    const api = this.#api;
    if (!api) return false;
    api.fromJSON(narrowed(api.toJSON()), { reuseExistingPanels: true });
    return true;
  }

  /** Shows a panel, adding it where its kind belongs. */
  open(id: string, how: { focus?: boolean; beside?: boolean } = {}): void {
    const api = this.#api;
    const kind = kindOf(id);
    if (!api || !kind) return;
    const existing = api.getPanel(id);
    if (existing) existing.api.setActive();
    else this.#add(api, id, kind, how.beside ?? false);
    if (how.focus !== false) this.focus(id);
  }

  /** Puts the focus into a panel, now or as soon as it is mounted. */
  focus(id: string): void {
    const focused = document.activeElement;
    if (focused instanceof HTMLElement && !focused.closest('.panel')) this.#opener = focused;
    const focuser = this.#focusers.get(id);
    if (focuser) focuser();
    else this.#wanted = id;
  }

  /** A panel says how it takes the focus. @returns a function for when it is unmounted. */
  focusable(id: string, focus: () => void): () => void {
    this.#focusers.set(id, focus);
    if (this.#wanted === id) {
      this.#wanted = undefined;
      focus();
    }
    return () => {
      if (this.#focusers.get(id) === focus) this.#focusers.delete(id);
    };
  }

  close(id: string): void {
    const panel = this.#api?.getPanel(id);
    if (!panel) return;
    panel.api.close();
    const next = this.#api?.activePanel?.id;
    if (this.#opener?.isConnected) this.#opener.focus();
    else if (next !== undefined) this.focus(next);
  }

  /** Where a panel's tab stands. */
  seat(id: string): Seat | undefined {
    const panel = this.#api?.getPanel(id);
    if (!panel) return undefined;
    const tabs = panel.group.panels.map((each) => each.id);
    return { id, beside: tabs.filter((each) => each !== id), index: tabs.indexOf(id) };
  }

  /** Puts a panel where its tab stood; where its kind belongs when that group is gone. */
  back({ id, beside, index }: Seat): void {
    const api = this.#api;
    const kind = kindOf(id);
    if (!api || !kind) return;
    const group = beside.map((each) => api.getPanel(each)?.group).find((each) => each);
    if (group && !api.getPanel(id)) {
      const { title } = PANELS[kind];
      const at = Math.max(0, Math.min(index, group.panels.length));
      api.addPanel({
        id,
        component: kind,
        title,
        position: { referenceGroup: group, index: at },
      });
    }
    this.open(id);
  }

  closeActive(): void {
    const { active } = this.state.get();
    if (active !== undefined) this.close(active);
  }

  /** The next group in reading order. */
  cycle(step: 1 | -1): void {
    const api = this.#api;
    if (!api) return;
    const groups = readingOrder(api.groups);
    const at = groups.findIndex((group) => group.id === api.activeGroup?.id);
    const next = groups[(at + step + groups.length) % groups.length];
    const panel = next?.activePanel;
    if (panel) {
      panel.api.setActive();
      this.focus(panel.id);
    }
  }

  /** The n-th tab (from 1) of the focused group. */
  tab(number: number): void {
    const panel = this.#api?.activeGroup?.panels[number - 1];
    if (panel) this.open(panel.id);
  }

  maximise(): void {
    const api = this.#api;
    if (!api) return;
    if (api.hasMaximizedGroup()) api.exitMaximizedGroup();
    else if (api.activePanel) api.maximizeGroup(api.activePanel);
  }

  /** Moves the active panel into a new group beside its own. */
  split(direction: 'right' | 'below'): void {
    const api = this.#api;
    const panel = api?.activePanel;
    if (!api || !panel || panel.group.panels.length < 2) return;
    const group = api.addGroup({ referenceGroup: panel.group, direction });
    panel.api.moveTo({ group });
    this.focus(panel.id);
  }

  #add(api: DockviewApi, id: string, kind: PanelKind, beside: boolean): IDockviewPanel {
    const { title, home } = PANELS[kind];
    const base = { id, component: kind, title };
    const { activeGroup } = api;
    if (beside && activeGroup)
      return api.addPanel({
        ...base,
        position: { referenceGroup: activeGroup, direction: 'right' },
      });
    const group = groupAt(api, home) ?? activeGroup;
    return api.addPanel(group ? { ...base, position: { referenceGroup: group } } : base);
  }

  /** The one panel of a window beside the main one. */
  #alone(id: string): true {
    this.open(id);
    return true;
  }

  #restore(saved: unknown): boolean {
    if (typeof saved !== 'object' || saved === null) return false;
    try {
      this.#api?.fromJSON(saved as SerializedDockview, { reuseExistingPanels: true });
      return (this.#api?.totalPanels ?? 0) > 0;
    } catch (error) {
      console.warn('the saved layout was not usable:', error);
      this.#api?.clear();
      return false;
    }
  }

  #update(): void {
    const api = this.#api;
    if (!api) return;
    const next: DockState = {
      visible: api.panels.filter((panel) => panel.api.isVisible).map((panel) => panel.id),
      active: api.activePanel?.id,
      open: api.panels.map((panel) => panel.id),
    };
    if (JSON.stringify(next) !== JSON.stringify(this.state.get())) this.state.set(next);
  }
}

/** Where a tab stands: the tabs of its group, and its place among them. */
export interface Seat {
  readonly id: string;
  readonly beside: readonly string[];
  readonly index: number;
}

/** A group that already holds panels of that home: it is where such panels go. */
function groupAt(api: DockviewApi, home: Home): DockviewGroupPanel | undefined {
  return api.groups.find((group) =>
    group.panels.some((panel) => {
      const kind = kindOf(panel.id);
      return kind !== undefined && PANELS[kind].home === home;
    }),
  );
}

function readingOrder(groups: readonly DockviewGroupPanel[]): DockviewGroupPanel[] {
  return groups
    .map((group) => ({ group, at: group.element.getBoundingClientRect() }))
    .sort((a, b) => a.at.left - b.at.left || a.at.top - b.at.top)
    .map(({ group }) => group);
}
