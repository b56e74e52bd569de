import type { PanelKind } from '../panels/registry.ts';

/** One group of tabs in a layout. */
export interface PresetGroup {
  readonly tabs: readonly PanelKind[];
  readonly height: number;
  /** The panel in front; absent: the first. */
  readonly front?: PanelKind;
}

/** Columns from left to right, each of groups from top to bottom. Sizes are parts of 1. */
export interface Preset {
  readonly name: string;
  /** A group above all columns. */
  readonly across?: PresetGroup;
  readonly columns: readonly {
    readonly width: number;
    readonly groups: readonly PresetGroup[];
  }[];
  /** The panel that has the focus. */
  readonly focus: PanelKind;
}

/** Proportions of the mock-ups at 1440 x 900: a dock of 1304 x 836. */
export const PRESETS: readonly Preset[] = [
  {
    name: 'Triage',
    focus: 'faults',
    columns: [
      {
        width: 812 / 1304,
        groups: [
          { tabs: ['faults', 'tables'], height: 536 / 836 },
          { tabs: ['console', 'script'], height: 300 / 836 },
        ],
      },
      { width: 492 / 1304, groups: [{ tabs: ['explain', 'entry', 'translate'], height: 1 }] },
    ],
  },
  {
    name: 'Tables',
    focus: 'tables',
    columns: [
      {
        width: 572 / 1304,
        groups: [{ tabs: ['tables', 'registers', 'audit', 'compare'], height: 1 }],
      },
      {
        width: 732 / 1304,
        groups: [
          { tabs: ['entry', 'translate'], height: 536 / 836 },
          { tabs: ['memory', 'script'], height: 300 / 836 },
        ],
      },
    ],
  },
  {
    name: 'Lab',
    focus: 'handoff',
    columns: [{ width: 1, groups: [{ tabs: ['handoff', 'tables', 'registers'], height: 1 }] }],
  },
  {
    name: 'Timeline',
    focus: 'timeline',
    across: { tabs: ['timeline', 'faults'], height: 384 / 836 },
    columns: [
      { width: 744 / 1304, groups: [{ tabs: ['console', 'map', 'memory'], height: 1 }] },
      { width: 560 / 1304, groups: [{ tabs: ['explain', 'translate', 'entry'], height: 1 }] },
    ],
  },
  {
    name: 'Console',
    focus: 'console',
    columns: [{ width: 1, groups: [{ tabs: ['console', 'faults', 'explain'], height: 1 }] }],
  },
];
