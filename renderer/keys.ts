/**
 * The key map as it comes, as data. A unit test proves that no stroke means two things in one
 * scope and that none is reserved by browsers or desktops. Only what the window can do stands
 * here. What a person made of it is in keymap.ts.
 */
export type Scope =
  /** Even while a console, Monaco or a text field has the focus. */
  | 'everywhere'
  /** Wherever plain letters are not text. */
  | 'global'
  | 'lists'
  | 'trees'
  | 'ruler'
  | 'stepper'
  | 'memory'
  | 'notes'
  | 'chart'
  | 'map'
  | 'console'
  | 'script';

export interface KeyBinding {
  /** Strokes separated by a space: `F2`, `G T`, `Shift+C`, `[`. */
  readonly keys: string;
  /** Identity of the action; several bindings may name one. */
  readonly action: string;
  readonly scope: Scope;
  /** What it does, as the help sheet and the palette say it. */
  readonly text: string;
  /** Heading in the help sheet. */
  readonly group:
    'Go to' | 'Notes' | 'Target' | 'View' | 'Selection' | 'Lists' | 'Panels' | 'Everywhere';
}

const bind = (
  group: KeyBinding['group'],
  scope: Scope,
  rows: readonly (readonly [keys: string, action: string, text: string])[],
): KeyBinding[] => rows.map(([keys, action, text]) => ({ keys, action, scope, text, group }));

export const KEYS: readonly KeyBinding[] = [
  ...bind('Everywhere', 'everywhere', [
    ['F2', 'palette.open', 'Jump to a place, or run an action'],
    ['Shift+F2', 'keys.plain', 'The next keys are plain keys'],
    ['F8', 'group.next', 'Next group'],
    ['Shift+F8', 'group.previous', 'Previous group'],
  ]),
  ...bind('Everywhere', 'global', [
    ['?', 'help.open', 'Keys of this panel'],
    ['Esc', 'escape', 'Close a popover, clear the filter, then focus the list'],
    ['Alt+Left', 'selection.back', 'Back'],
    ['Alt+Right', 'selection.forward', 'Forward'],
  ]),
  ...bind('Go to', 'global', [
    ['G C', 'go.console', 'Console'],
    ['G R', 'go.registers', 'Registers'],
    ['G H', 'go.memory', 'Memory'],
    ['G T', 'go.tables', 'Tables'],
    ['G X', 'go.translate', 'Translate'],
    ['G M', 'go.map', 'Address map'],
    ['G W', 'reverse.open', 'Who can reach the selected page'],
    ['G F', 'go.faults', 'Faults'],
    ['G L', 'go.timeline', 'Timeline'],
    ['G A', 'go.audit', 'Audit'],
    ['G D', 'go.compare', 'Compare'],
    ['G O', 'go.handoff', 'Hand-off lab'],
    ['G S', 'go.script', 'Script'],
    ['G N', 'go.notes', 'Notes'],
    ['G E', 'go.entry', 'Entry'],
    ['G Y', 'go.explain', 'Explain'],
    ['G G', 'go.start', 'Start'],
  ]),
  ...bind('Notes', 'global', [
    ['N N', 'note.new', 'New note on the selection'],
    ['P', 'note.pin', 'Pin the selection to Notes'],
    ['N M', 'note.time', 'Note on the newest console line'],
    ['N R', 'report.open', 'Report of the investigation…'],
    ['N S', 'session.copy', 'Save a copy of the session…'],
    ['N O', 'session.open', 'Open a session…'],
  ]),
  ...bind('Target', 'global', [
    ['T C', 'target.connect', 'Connect to a console…'],
    ['T D', 'target.open', 'Open a dump…'],
    ['T 2', 'target.second', 'Open a second state…'],
    ['T S', 'tables.scan', 'Scan for tables…'],
    ['T G', 'tables.root', 'Give a root table address…'],
    ['T P', 'target.paste', 'Paste a log…'],
    ['T H', 'target.story', 'Open the hand-off story'],
    ['T X', 'target.disconnect', 'Disconnect the console'],
    ['T A', 'target.arm', 'Arm or disarm writes'],
    ['T B', 'target.break', 'Send a break'],
    ['T Q', 'target.sysrq', 'SysRq menu'],
    ['T L', 'target.log', 'Log to a file'],
    ['T R', 'target.reread', 'Read again'],
    ['T J', 'job.toggle', 'Stop or continue long work'],
    ['T M', 'target.machine', 'Add a simulated unit'],
    ['T Z', 'change.undo', 'Undo the last change'],
    ['T Y', 'change.redo', 'Redo the change'],
  ]),
  ...bind('View', 'global', [
    ['V T', 'view.theme', 'Dark or light theme'],
    ['V D', 'view.density', 'Compact or comfortable rows'],
    ['V X', 'view.numbers', 'Values in hexadecimal or decimal'],
    ['V H', 'view.memory', 'Memory of this window'],
    ['V M', 'view.maximise', 'Maximise this group'],
    ['V C', 'tables.against', 'Tables: show changes against…'],
    ['V S', 'view.splitRight', 'Split right'],
    ['V B', 'view.splitBelow', 'Split below'],
    ['V O', 'view.window', 'Move this tab to a window of its own'],
    ['V W', 'view.closeTab', 'Close this tab'],
    ['V L', 'view.link', 'This panel follows the selection'],
    ['V R', 'view.resetLayout', 'Reset the layout'],
    ['V +', 'view.larger', 'Larger'],
    ['V -', 'view.smaller', 'Smaller'],
    ['V 1', 'view.preset1', 'Layout: Triage'],
    ['V 2', 'view.preset2', 'Layout: Tables'],
    ['V 3', 'view.preset3', 'Layout: Lab'],
    ['V 4', 'view.preset4', 'Layout: Timeline'],
    ['V 5', 'view.preset5', 'Layout: Console'],
  ]),
  ...bind('Panels', 'global', [
    ['F', 'panel.filter', 'Filter or find in this panel'],
    ['1', 'tab.1', 'First tab of this group'],
    ['2', 'tab.2', 'Second tab'],
    ['3', 'tab.3', 'Third tab'],
    ['4', 'tab.4', 'Fourth tab'],
    ['5', 'tab.5', 'Fifth tab'],
    ['6', 'tab.6', 'Sixth tab'],
    ['7', 'tab.7', 'Seventh tab'],
    ['8', 'tab.8', 'Eighth tab'],
    ['9', 'tab.9', 'Ninth tab'],
  ]),
  ...bind('Selection', 'global', [
    ['C', 'copy.value', 'Copy the value'],
    ['Shift+C', 'copy.as', 'Copy as…'],
    ['Ctrl+C', 'copy.row', 'Copy the selected text, else the row'],
    ['L', 'copy.link', 'Copy a link'],
    ['E', 'go.explain', 'Explain the selection'],
    ['I', 'go.entry', 'Inspect the entry'],
    ['X', 'selection.showIn', 'Show the selection in…'],
    ['.', 'selection.actions', 'Actions for the selection'],
    ['Shift+F10', 'selection.actions', 'Actions for the selection'],
    ['[', 'fault.previous', 'Previous fault or finding'],
    [']', 'fault.next', 'Next fault or finding'],
    ['{', 'device.previous', 'Previous device'],
    ['}', 'device.next', 'Next device'],
  ]),
  ...bind('Lists', 'lists', [
    ['Up', 'list.up', 'Row up'],
    ['K', 'list.up', 'Row up'],
    ['Down', 'list.down', 'Row down'],
    ['J', 'list.down', 'Row down'],
    ['Home', 'list.first', 'First row'],
    ['End', 'list.last', 'Last row'],
    ['PgUp', 'list.pageUp', 'Page up'],
    ['PgDn', 'list.pageDown', 'Page down'],
    ['Enter', 'list.open', 'Open'],
    ['Shift+Enter', 'list.openBeside', 'Open beside'],
    ['Space', 'list.toggle', 'Expand or fold'],
    [',', 'list.find', 'Type a name to find its row; characters that are no keys begin one too'],
  ]),
  ...bind('Lists', 'trees', [
    ['Left', 'tree.left', 'Fold, then go to the parent'],
    ['Right', 'tree.right', 'Expand, then go to the first child'],
    ['U', 'tree.parent', 'Up to the parent'],
    ['*', 'tree.expandAll', 'Expand the subtree (10,000 rows at most)'],
  ]),
  ...bind('Panels', 'ruler', [
    ['Left', 'ruler.left', 'Higher field'],
    ['Right', 'ruler.right', 'Lower field'],
    ['Enter', 'ruler.edit', 'Change the field'],
  ]),
  ...bind('Panels', 'stepper', [
    ['Left', 'step.previous', 'Previous step'],
    ['Right', 'step.next', 'Next step'],
    ['Home', 'step.first', 'First step'],
    ['End', 'step.last', 'Last step'],
    ['Space', 'step.play', 'Play or pause, one step a second'],
  ]),
  ...bind('Panels', 'chart', [
    ['W', 'chart.in', 'Zoom in'],
    ['+', 'chart.in', 'Zoom in'],
    ['S', 'chart.out', 'Zoom out'],
    ['-', 'chart.out', 'Zoom out'],
    ['A', 'chart.left', 'Pan to the left'],
    ['D', 'chart.right', 'Pan to the right'],
    ['Z', 'chart.selection', 'Zoom to the selection'],
    ['Shift+Z', 'chart.all', 'Show all'],
    ['Left', 'chart.previous', 'Previous thing in the lane'],
    ['Right', 'chart.next', 'Next thing in the lane'],
    ['Shift+Left', 'chart.extendLeft', 'Select back to the previous thing'],
    ['Shift+Right', 'chart.extendRight', 'Select on to the next thing'],
    ['Up', 'chart.up', 'Lane above'],
    ['K', 'chart.up', 'Lane above'],
    ['Down', 'chart.down', 'Lane below'],
    ['J', 'chart.down', 'Lane below'],
    ['Home', 'chart.first', 'First thing in the lane'],
    ['End', 'chart.last', 'Last thing in the lane'],
    ['Enter', 'chart.open', 'Go to its line'],
  ]),
  ...bind('Panels', 'map', [
    ['+', 'map.in', 'Zoom in'],
    ['W', 'map.in', 'Zoom in'],
    ['-', 'map.out', 'Zoom out'],
    ['S', 'map.out', 'Zoom out'],
    ['A', 'map.left', 'Pan to lower addresses'],
    ['D', 'map.right', 'Pan to higher addresses'],
    ['Left', 'map.previous', 'Previous region'],
    ['Right', 'map.next', 'Next region'],
    ['Up', 'map.above', 'Device above'],
    ['Down', 'map.below', 'Device below'],
    ['Home', 'map.first', 'First mapped address'],
    ['End', 'map.last', 'Last mapped address'],
    ['Z', 'map.zoom', 'Zoom to the region'],
    ['Shift+Z', 'map.all', 'Show all addresses'],
    ['Enter', 'map.open', 'Show the entry in Tables'],
  ]),
  ...bind('Panels', 'memory', [
    ['+', 'memory.wider', 'Larger word size'],
    ['-', 'memory.narrower', 'Smaller word size'],
  ]),
  ...bind('Panels', 'notes', [['Delete', 'note.remove', 'Remove the note']]),
  ...bind('Panels', 'console', [
    ['Ctrl+Insert', 'console.copy', 'Copy'],
    ['Shift+Insert', 'console.paste', 'Paste'],
    ['Shift+PgUp', 'console.back', 'Scroll back'],
    ['Shift+PgDn', 'console.forward', 'Scroll forward'],
  ]),
  ...bind('Panels', 'script', [
    ['Ctrl+Enter', 'script.run', 'Run all'],
    ['Shift+Enter', 'script.runLine', 'Run the line or the selected text'],
    ['Ctrl+Shift+Enter', 'script.stop', 'Stop'],
  ]),
];

/** Scopes that are heard at the same time: a stroke means one thing among them. */
export const TOGETHER: readonly (readonly Scope[])[] = [
  ['everywhere', 'global', 'lists', 'trees', 'memory'],
  ['everywhere', 'global', 'lists', 'notes'],
  ['everywhere', 'global', 'chart'],
  ['everywhere', 'global', 'map'],
  ['everywhere', 'global', 'ruler'],
  ['everywhere', 'global', 'stepper'],
  ['everywhere', 'global', 'console'],
  ['everywhere', 'script'],
];

/** First strokes of two-stroke keys. */
export function leadersOf(bindings: readonly KeyBinding[]): ReadonlySet<string> {
  return new Set(
    bindings.filter(({ keys }) => keys.includes(' ')).map(({ keys }) => keys.split(' ')[0]),
  );
}

/** Strokes that browsers and desktops keep for themselves. */
const KEPT =
  /(?:^|\+)(?:F1|F3|F5|F6|F7|F9|F10|F11|F12|\/|'|Backspace|Tab)$|^(?:Ctrl|Alt|Meta)\+(?:Shift\+)?[A-Z0-9]$|^Alt\+(?:Left|Right)$/;
/** The context menu key of keyboards that lack one, standard copy, and the browser's history. */
const STANDARD: ReadonlySet<string> = new Set(['Shift+F10', 'Ctrl+C', 'Alt+Left', 'Alt+Right']);

/** Whether a stroke is the browser's or the desktop's own, and not a standard one used as such. */
export function isKept(stroke: string): boolean {
  return KEPT.test(stroke) && !STANDARD.has(stroke);
}

const NAMED: Readonly<Record<string, string>> = {
  Escape: 'Esc',
  ArrowUp: 'Up',
  ArrowDown: 'Down',
  ArrowLeft: 'Left',
  ArrowRight: 'Right',
  PageUp: 'PgUp',
  PageDown: 'PgDn',
  ' ': 'Space',
};

/** Keys that are written as their sign. */
const SIGNS: Readonly<Record<string, string | undefined>> = {
  Up: '↑',
  Down: '↓',
  Left: '←',
  Right: '→',
};

/** A stroke as it stands in a box: `Shift+←` for `Shift+Left`. */
export function writtenStroke(stroke: string): string {
  return stroke.replace(/(?<=^|\+)[A-Z][a-z]+$/, (name) => SIGNS[name] ?? name);
}

/** What the map needs of a keyboard event. */
export interface Stroke {
  readonly key: string;
  readonly code: string;
  readonly shiftKey: boolean;
  readonly ctrlKey: boolean;
  readonly altKey: boolean;
  readonly metaKey: boolean;
}

/**
 * The event in the map's notation; undefined for a modifier alone. Letters go by their place on
 * the keyboard where the layout gives no Latin letter.
 */
export function strokeOf(event: Stroke): string | undefined {
  if (['Shift', 'Control', 'Alt', 'Meta', 'AltGraph', 'Dead'].includes(event.key)) return undefined;
  let key = NAMED[event.key] ?? event.key;
  let shift = event.shiftKey;
  if (key.length === 1) {
    const byPlace = /^Key([A-Z])$/.exec(event.code)?.[1];
    if (/[a-z]/i.test(key)) key = key.toUpperCase();
    else if (byPlace && key > '\u007f') key = byPlace;
    // A symbol already says whether Shift was held.
    if (!/[A-Z]/.test(key)) shift = false;
  }
  const parts: string[] = [];
  if (event.ctrlKey) parts.push('Ctrl');
  if (event.altKey) parts.push('Alt');
  if (event.metaKey) parts.push('Meta');
  if (shift) parts.push('Shift');
  return [...parts, key].join('+');
}
