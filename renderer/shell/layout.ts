import type { SerializedDockview } from 'dockview-react';
import { PANELS } from '../panels/registry.ts';
import type { Preset } from './presets.ts';

/** A preset as dockview's own form of a layout, for a dock of that size in px. */
export function layoutOf(preset: Preset, width: number, height: number): SerializedDockview {
  let number = 0;
  const kinds = preset.columns.flatMap((column) => column.groups.flatMap((group) => group.tabs));
  const grid: unknown = {
    orientation: 'HORIZONTAL',
    width,
    height,
    root: {
      type: 'branch',
      size: height,
      data: preset.columns.map((column) => ({
        type: 'branch',
        size: Math.round(column.width * width),
        data: column.groups.map((group) => ({
          type: 'leaf',
          size: Math.round(group.height * height),
          data: {
            id: String(++number),
            views: [...group.tabs],
            activeView: group.front ?? group.tabs[0],
          },
        })),
      })),
    },
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
