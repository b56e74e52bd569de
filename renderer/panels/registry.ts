/** The panels of the window: their names, keys and places. Components are in `components.tsx`. */
export type PanelKind =
  | 'console'
  | 'registers'
  | 'memory'
  | 'tables'
  | 'entry'
  | 'translate'
  | 'map'
  | 'faults'
  | 'explain'
  | 'timeline'
  | 'audit'
  | 'compare'
  | 'handoff'
  | 'script'
  | 'notes';

/** The column that a panel stands in when a layout does not say otherwise. */
export type Home = 'left' | 'right' | 'bottom';

export interface PanelInfo {
  readonly kind: PanelKind;
  readonly title: string;
  readonly home: Home;
  /** Key letter in the rail; absent for panels that the rail does not list. */
  readonly letter?: string;
}

export interface RailGroup {
  readonly title: string;
  readonly panels: readonly PanelKind[];
}

const info = (kind: PanelKind, title: string, home: Home, letter?: string): PanelInfo => ({
  kind,
  title,
  home,
  letter,
});

export const PANELS: Readonly<Record<PanelKind, PanelInfo>> = {
  console: info('console', 'Console', 'bottom', 'C'),
  registers: info('registers', 'Registers', 'left', 'R'),
  memory: info('memory', 'Memory', 'bottom', 'H'),
  tables: info('tables', 'Tables', 'left', 'T'),
  entry: info('entry', 'Entry', 'right'),
  translate: info('translate', 'Translate', 'right', 'X'),
  map: info('map', 'Address map', 'left', 'M'),
  faults: info('faults', 'Faults', 'left', 'F'),
  explain: info('explain', 'Explain', 'right'),
  timeline: info('timeline', 'Timeline', 'left', 'L'),
  audit: info('audit', 'Audit', 'left', 'A'),
  compare: info('compare', 'Compare', 'left', 'D'),
  handoff: info('handoff', 'Hand-off lab', 'left', 'O'),
  script: info('script', 'Script', 'bottom', 'S'),
  notes: info('notes', 'Notes', 'right', 'N'),
};

export const RAIL: readonly RailGroup[] = [
  { title: 'Target', panels: ['console', 'registers', 'memory'] },
  { title: 'IOMMU', panels: ['tables', 'translate', 'map'] },
  { title: 'Faults', panels: ['faults', 'timeline'] },
  { title: 'Analyse', panels: ['audit', 'compare', 'handoff', 'script'] },
  { title: 'Session', panels: ['notes'] },
];

/** The kind of a panel by its id: `console:c2` is a console. */
export function kindOf(id: string): PanelKind | undefined {
  const kind = id.split(':')[0];
  return kind in PANELS ? (kind as PanelKind) : undefined;
}

/** The console that a panel shows; undefined for the session's first. */
export function consoleOf(id: string): string | undefined {
  return id.startsWith('console:') ? id.slice('console:'.length) : undefined;
}
