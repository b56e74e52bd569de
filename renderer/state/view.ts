import type { EngineApi } from '../engine/api.ts';
import { asFailure } from '../engine/failure.ts';
import type { Sort, TableView } from '../ui/columns.ts';
import { parseTables } from '../ui/columns.ts';
import type { Anchor } from './anchors.ts';
import { Anchors } from './anchors.ts';
import type { Store } from './store.ts';
import { createStore } from './store.ts';

export type Theme = 'dark' | 'light';
export type Numbers = 'hex' | 'decimal';

/** What a person set in the window; it is saved with the session. */
export interface ViewState {
  /** Absent: as the system has it. */
  readonly theme?: Theme;
  readonly density?: 'compact' | 'comfortable';
  /** How values of fields are written; addresses and raw words are always hexadecimal. */
  readonly numbers: Numbers;
  /** Per cent, 80 to 200. */
  readonly zoom: number;
  /** The hint in the Faults bar was read. */
  readonly hintSeen: boolean;
  /** Panels that do not follow the selection. */
  readonly unlinked: readonly string[];
  /** Filters and the like, by panel. */
  readonly panels: Readonly<Record<string, unknown>>;
  /** Widths of columns and the order of rows, by table. */
  readonly tables: Readonly<Record<string, TableView>>;
  /** Dockview's own form of the layout, and the preset that it came from. */
  readonly layout?: unknown;
  /** The layout of a wide window, while `layout` is a narrow one's. */
  readonly wide?: unknown;
  readonly preset: number;
}

const INITIAL: ViewState = {
  numbers: 'hex',
  zoom: 100,
  hintSeen: false,
  unlinked: [],
  panels: {},
  tables: {},
  preset: 1,
};

/** Width under which the right column becomes tabs of the left one and the rail is letters, px. */
const NARROW = 1200;
/** Width under which toolbar and status bar keep to signs where these say enough, px. */
const TIGHT = 760;
const SAVE_AFTER = 1000;
const ZOOM_STEPS = [80, 90, 100, 110, 125, 150, 175, 200];
const LOCAL = 'faultline.view';
/** Parts that the page as a whole goes by. */
const OWN = ['theme', 'density', 'zoom', 'hintSeen'] as const;

/** The next step of the font zoom; the ends hold. */
export function nextZoom(zoom: number, direction: 1 | -1): number {
  const steps = direction > 0 ? ZOOM_STEPS : [...ZOOM_STEPS].reverse();
  return steps.find((step) => (direction > 0 ? step > zoom : step < zoom)) ?? zoom;
}

/** Reads a saved view; anything that is not one gives the initial view. */
export function parseView(text: string | undefined | null): ViewState {
  if (!text) return INITIAL;
  try {
    const raw: unknown = JSON.parse(text);
    if (typeof raw !== 'object' || raw === null) return INITIAL;
    const saved = raw as Partial<Record<keyof ViewState, unknown>>;
    return {
      theme: saved.theme === 'dark' || saved.theme === 'light' ? saved.theme : undefined,
      density:
        saved.density === 'compact' || saved.density === 'comfortable' ? saved.density : undefined,
      numbers: saved.numbers === 'decimal' ? 'decimal' : 'hex',
      zoom: typeof saved.zoom === 'number' && ZOOM_STEPS.includes(saved.zoom) ? saved.zoom : 100,
      hintSeen: saved.hintSeen === true,
      unlinked: Array.isArray(saved.unlinked)
        ? saved.unlinked.filter((each) => typeof each === 'string')
        : [],
      panels:
        typeof saved.panels === 'object' && saved.panels !== null
          ? (saved.panels as Record<string, unknown>)
          : {},
      tables: parseTables(saved.tables),
      layout: saved.layout,
      wide: saved.wide,
      preset: typeof saved.preset === 'number' ? saved.preset : 1,
    };
  } catch {
    return INITIAL;
  }
}

/** Theme, density, zoom and what panels remember. */
export class ViewModel {
  readonly state: Store<ViewState>;
  /** The theme that shows, whoever chose it. */
  readonly theme: Store<Theme>;
  /** The window has less than 1200 px of its own size: with a larger font it has fewer. */
  readonly narrow: Store<boolean> = createStore(false);
  readonly #engine: EngineApi;
  readonly #anchors = new Anchors();
  #timer: ReturnType<typeof setTimeout> | undefined;
  readonly #keeps: boolean;
  #loaded = false;

  /** @param keeps whether what is set here is saved with the session: a second window's is not */
  constructor(engine: EngineApi, keeps = true) {
    this.#engine = engine;
    this.#keeps = keeps;
    const local = parseView(localStorage.getItem(LOCAL));
    this.state = createStore<ViewState>({
      ...INITIAL,
      theme: local.theme,
      density: local.density,
      zoom: local.zoom,
      hintSeen: local.hintSeen,
    });
    const system = matchMedia('(prefers-color-scheme: light)');
    const shown = (): Theme => this.state.get().theme ?? (system.matches ? 'light' : 'dark');
    this.theme = createStore(shown());
    let applied = this.state.get();
    const apply = (): void => {
      applied = this.state.get();
      const { density, zoom } = applied;
      const root = document.documentElement;
      root.dataset.theme = shown();
      root.dataset.density =
        density ?? (matchMedia('(pointer: coarse)').matches ? 'comfortable' : 'compact');
      root.style.setProperty('--zoom', String(zoom / 100));
      const narrow = globalThis.innerWidth / (zoom / 100) < NARROW;
      root.dataset.narrow = String(narrow);
      root.dataset.tight = String(globalThis.innerWidth / (zoom / 100) < TIGHT);
      this.theme.set(shown());
      this.narrow.set(narrow);
    };
    apply();
    system.addEventListener('change', apply);
    globalThis.addEventListener('resize', apply);
    globalThis.addEventListener('pagehide', () => {
      if (this.#keeps) this.#flush();
    });
    this.state.subscribe(() => {
      // Panels remember things with every selection; the page's own look changes seldom.
      if (OWN.some((part) => applied[part] !== this.state.get()[part])) {
        apply();
        this.#saveHere();
      }
      if (this.#keeps) this.#soon();
    });
  }

  /**
   * Takes the view that the session was saved with.
   * @param another the window showed another session until now: its filters are not this one's
   * @returns false when the engine ended meanwhile: what is saved is still to be had
   */
  async load(another = false): Promise<boolean> {
    try {
      const { state } = await this.#engine.call('view.load', {});
      if (state !== undefined) {
        const saved = parseView(state);
        this.#anchors.read(state);
        const { theme, density, zoom, hintSeen } = this.state.get();
        this.state.set({
          ...saved,
          theme: saved.theme ?? theme,
          density: saved.density ?? density,
          zoom: saved.zoom === 100 ? zoom : saved.zoom,
          hintSeen: saved.hintSeen || hintSeen,
        });
      } else if (another) {
        this.#anchors.read(undefined);
        this.set({ panels: {}, unlinked: [] });
      }
    } catch (error) {
      if (asFailure(error).kind === 'lost') return false;
      // A view that can't be had is no reason to stop: the window starts with the usual one.
    }
    this.#loaded = true;
    return true;
  }

  set(change: Partial<ViewState>): void {
    this.state.set((old) => ({ ...old, ...change }));
  }

  toggleTheme(): void {
    this.set({ theme: this.theme.get() === 'dark' ? 'light' : 'dark' });
  }

  toggleDensity(): void {
    const dense = document.documentElement.dataset.density === 'compact';
    this.set({ density: dense ? 'comfortable' : 'compact' });
  }

  toggleNumbers(): void {
    this.set({ numbers: this.state.get().numbers === 'hex' ? 'decimal' : 'hex' });
  }

  zoom(direction: 1 | -1): void {
    this.set({ zoom: nextZoom(this.state.get().zoom, direction) });
  }

  /** Whether a panel follows the selection. */
  linked(panel: string): boolean {
    return !this.state.get().unlinked.includes(panel);
  }

  toggleLink(panel: string): void {
    const { unlinked } = this.state.get();
    this.set({
      unlinked: unlinked.includes(panel)
        ? unlinked.filter((each) => each !== panel)
        : [...unlinked, panel],
    });
  }

  /** What a panel remembered, or what it starts with. */
  panel<T extends object>(id: string, initial: T): T {
    const saved = this.state.get().panels[id];
    return typeof saved === 'object' && saved !== null
      ? { ...initial, ...(saved as Partial<T>) }
      : initial;
  }

  remember(id: string, state: object): void {
    this.set({ panels: { ...this.state.get().panels, [id]: state } });
  }

  /** Gives a column of a table a width, px; none: the usual one. */
  setWidth(table: string, column: string, width: number | undefined): void {
    const { [column]: _old, ...others } = this.table(table).widths ?? {};
    this.#setTable(table, {
      widths: width === undefined ? others : { ...others, [column]: width },
    });
  }

  /** Keeps the order of a table's rows. */
  setSort(table: string, sort: Sort): void {
    this.#setTable(table, { sort });
  }

  /** What is remembered of a table. */
  table(id: string): TableView {
    return this.state.get().tables[id] ?? {};
  }

  /** The row that was first on the screen of a list. */
  anchor(list: string): Anchor | undefined {
    return this.#anchors.get(list);
  }

  /** Keeps the first row on the screen of a list; nobody hears of it, but it is saved. */
  keepAnchor(list: string, anchor: Anchor): void {
    if (this.#anchors.set(list, anchor)) this.#soon();
  }

  #setTable(id: string, change: Partial<TableView>): void {
    const { tables } = this.state.get();
    this.set({ tables: { ...tables, [id]: { ...tables[id], ...change } } });
  }

  /** What is a person's, and not the session's, stays in the browser. */
  #saveHere(): void {
    const { theme, density, zoom, hintSeen } = this.state.get();
    localStorage.setItem(LOCAL, JSON.stringify({ theme, density, zoom, hintSeen }));
  }

  /** Saves when nothing changed for a second. */
  #soon(): void {
    if (!this.#loaded) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#flush(), SAVE_AFTER);
  }

  /** Saves what is not saved yet. */
  #flush(): void {
    if (this.#timer === undefined) return;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#engine
      .call('view.save', { state: JSON.stringify({ ...this.state.get(), anchors: this.#anchors }) })
      .catch((error: unknown) => console.warn('the view was not saved:', error));
  }
}
