import type { SerializedDockview } from 'dockview-react';
import { PANELS } from '../panels/registry.ts';
import type { Preset, PresetGroup } from './presets.ts';

/** A preset as dockview's own form of a layout, for a dock of that size in px. */
export function layoutOf(preset: Preset, width: number, height: number): SerializedDockview {
  let number = 0;
  const { across, columns } = preset;
  const kinds = [...(across?.tabs ?? []), ...columns.flatMap(({ groups }) => tabsOf(groups))];
  const leaf = (group: PresetGroup, size: number): unknown => ({
    type: 'leaf',
    size: Math.round(size),
    data: {
      id: String(++number),
      views: [...group.tabs],
      activeView: group.front ?? group.tabs[0],
    },
  });
  const top = across ? across.height * height : 0;
  const above = across && leaf(across, top);
  const below = columns.map((column) => ({
    type: 'branch',
    size: Math.round(column.width * width),
    data: column.groups.map((group) => leaf(group, group.height * (height - top))),
  }));
  // A row across lies above a branch of the columns: the grid begins with rows then.
  const grid: unknown = {
    orientation: above ? 'VERTICAL' : 'HORIZONTAL',
    width,
    height,
    root: above
      ? {
          type: 'branch',
          size: width,
          data: [above, { type: 'branch', size: Math.round(height - top), data: below }],
        }
      : { type: 'branch', size: height, data: below },
  };
  return {
    grid: grid as SerializedDockview['grid'],
    panels: Object.fromEntries(
      kinds.map((kind) => [
        kind,
        { id: kind, contentComponent: kind, tabComponent: 'tab', title: PANELS[kind].title },
      ]),
    ),
  };
}

function tabsOf(groups: readonly PresetGroup[]): PresetGroup['tabs'] {
  return groups.flatMap(({ tabs }) => tabs);
}
