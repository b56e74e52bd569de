import type { Connection, LinkState } from '../engine/connection.ts';
import { CompareModel } from '../panels/compare/model.ts';
import { ComparedStates } from '../panels/compare/states.ts';
import { LabModel } from '../panels/handoff/lab.ts';
import { NotesModel } from '../panels/notes/model.ts';
import { ScriptRunner } from '../panels/script/runner.ts';
import { MAP_START, type MapState } from '../panels/map/state.ts';
import { TreeModel } from '../panels/tables/model.ts';
import { TimelineModel } from '../panels/timeline/model.ts';
import { DockModel } from '../shell/dock-model.ts';
import { ActionRegistry } from './actions.ts';
import { FaultsModel } from './faults.ts';
import { browserHistory } from './history.ts';
import { Keyboard } from './keyboard.ts';
import { Notices } from './notices.ts';
import { SelectionBus } from './selection.ts';
import { SessionModel } from './session.ts';
import type { Store } from './store.ts';
import { onlyPanel } from './windows.ts';
import { createStore } from './store.ts';
import { ViewModel } from './view.ts';
import { WritesModel } from './writes.ts';

export type DialogName =
  | 'open'
  | 'second'
  | 'scan'
  | 'root'
  | 'connect'
  | 'paste'
  | 'help'
  | 'log'
  | 'locate'
  | 'sessions'
  | 'report';

/** Something that is done to a target only when its name was typed. */
export interface ConfirmRequest {
  readonly title: string;
  readonly text: string;
  /** The name that has to be typed. */
  readonly target: string;
  /** What the button that does it says. */
  readonly button: string;
  /** Gets the name as it was typed. */
  run(name: string): Promise<unknown>;
}

/** A file of the session that is not where it was. */
export interface Wanted {
  readonly source: string;
  readonly missing: string;
}

/** Menus that open at a place in the window. */
export interface MenuRequest {
  readonly label: string;
  readonly at: { readonly x: number; readonly y: number };
  readonly items: readonly MenuItem[];
}

export interface MenuItem {
  readonly title: string;
  readonly keys?: string;
  readonly detail?: string;
  readonly checked?: boolean;
  run(): void;
}

/** Everything that lives outside React. */
export interface Workbench {
  readonly engine: Connection;
  readonly link: Store<LinkState>;
  readonly session: SessionModel;
  readonly selection: SelectionBus;
  readonly view: ViewModel;
  readonly dock: DockModel;
  readonly faults: FaultsModel;
  readonly tree: TreeModel;
  readonly timeline: TimelineModel;
  /** The two states that Compare shows. */
  readonly compared: ComparedStates;
  readonly compare: CompareModel;
  readonly lab: LabModel;
  readonly notes: NotesModel;
  readonly script: ScriptRunner;
  readonly actions: ActionRegistry;
  readonly keyboard: Keyboard;
  readonly notices: Notices;
  readonly dialog: Store<DialogName | undefined>;
  readonly confirm: Store<ConfirmRequest | undefined>;
  readonly writes: WritesModel;
  /** The file that the Locate dialog looks for. */
  readonly locating: Store<Wanted | undefined>;
  /** A note was made that wants its text now. */
  readonly writing: Store<boolean>;
  readonly palette: Store<{ readonly open: boolean; readonly text: string }>;
  readonly menu: Store<MenuRequest | undefined>;
  /** A session is open and its view was taken: the dock may show. */
  readonly ready: Store<boolean>;
  /** Start shows instead of the dock. */
  readonly start: Store<boolean>;
  /** Text that the Translate panel or the Script panel was asked to take. */
  readonly translate: Store<{ readonly text: string; readonly turn: number }>;
  /** What the address map shows. */
  readonly map: Store<MapState>;
  /** The Translate panel goes from physical addresses to devices, and the address it is asked for. */
  readonly reverse: Store<{ readonly on: boolean; readonly address: string }>;
}

/** Makes the window's state around a connection. */
export function createWorkbench(connection: Connection): Workbench {
  const only = onlyPanel();
  const view = new ViewModel(connection, only === undefined);
  const dock: DockModel = new DockModel(() => view.set(dock.saved()), only);
  const actions = new ActionRegistry();
  const session = new SessionModel(connection);
  const notices = new Notices();
  const selection = new SelectionBus(browserHistory(globalThis.window));
  actions.focusedBy(() => dock.state.get().active);
  return {
    engine: connection,
    link: connection.link,
    session,
    selection,
    view,
    dock,
    faults: new FaultsModel(connection, selection, view),
    tree: new TreeModel(connection, notices, false),
    timeline: new TimelineModel(connection, selection, view),
    compared: new ComparedStates(view),
    compare: new CompareModel(connection, view, notices),
    lab: new LabModel(connection),
    notes: new NotesModel(connection, session, notices),
    script: new ScriptRunner(connection),
    actions,
    keyboard: new Keyboard(actions),
    notices,
    dialog: createStore<DialogName | undefined>(undefined),
    confirm: createStore<ConfirmRequest | undefined>(undefined),
    writes: new WritesModel(connection, session),
    locating: createStore<Wanted | undefined>(undefined),
    writing: createStore(false),
    palette: createStore<{ open: boolean; text: string }>({ open: false, text: '' }),
    menu: createStore<MenuRequest | undefined>(undefined),
    ready: createStore(false),
    start: createStore(false),
    translate: createStore({ text: '', turn: 0 }),
    map: createStore(MAP_START),
    reverse: createStore<{ on: boolean; address: string }>({ on: false, address: '' }),
  };
}
