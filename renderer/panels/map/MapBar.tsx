import type { ReactNode } from 'react';
import { formatCount } from '../../../core/format/size.ts';
import type { UnitInfo } from '../../../core/protocol/contract.ts';
import { MenuButton } from '../../ui/MenuButton.tsx';
import type { MapState } from './state.ts';

const REACHES: readonly (readonly [MapState['reach'], string])[] = [
  ['known', 'Up to the last known address'],
  ['4 GiB', 'Up to 4 GiB'],
  ['all', 'All 64-bit addresses'],
];

/** What the map shows of what. */
export function MapBar({
  state,
  shown,
  total,
  units,
  onChange,
  onPicture,
}: {
  readonly state: MapState;
  readonly shown: number;
  readonly total: number;
  readonly units: readonly UnitInfo[];
  readonly onChange: (change: Partial<MapState>) => void;
  readonly onPicture: () => void;
}): ReactNode {
  const simulated = units.filter(({ from }) => from === 'simulated').map(({ name }) => name);
  return (
    <>
      <MenuButton
        label="Addresses of the overview"
        items={() =>
          REACHES.map(([reach, title]) => ({
            title,
            checked: state.reach === reach,
            run: () => onChange({ reach }),
          }))
        }
      >
        Overview ▾
      </MenuButton>
      <MenuButton
        label="Devices of the map"
        items={() => [
          {
            title: 'Devices with mappings or faults',
            checked: !state.all,
            run: () => onChange({ all: false }),
          },
          { title: 'All devices', checked: state.all, run: () => onChange({ all: true }) },
        ]}
      >
        {formatCount(shown)} of {formatCount(total)} {total === 1 ? 'device' : 'devices'} ▾
      </MenuButton>
      {simulated.length > 0 && (
        <MenuButton
          label="Memory"
          items={() => [
            ...(simulated.length < units.length
              ? [
                  {
                    title: 'Captured memory',
                    checked: state.unit === '',
                    run: () => onChange({ unit: '', device: undefined, span: undefined }),
                  },
                ]
              : []),
            ...simulated.map((name) => ({
              title: `Memory of ${name}`,
              checked: state.unit === name,
              run: () => onChange({ unit: name, device: undefined, span: undefined }),
            })),
          ]}
        >
          {state.unit === '' ? 'Captured' : state.unit} ▾
        </MenuButton>
      )}
      <button
        type="button"
        className="btn push"
        aria-pressed={state.table}
        onClick={() => onChange({ table: !state.table })}
      >
        Table
      </button>
      <button type="button" className="btn" title="Copy the picture as SVG" onClick={onPicture}>
        Copy SVG
      </button>
    </>
  );
}
