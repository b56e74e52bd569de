import type { ReactNode } from 'react';
import type { StateInfo } from '../../core/protocol/contract-states.ts';
import { useCall } from '../engine/useCall.ts';
import { useWorkbench } from '../state/context.ts';
import { MenuButton } from './MenuButton.tsx';

const NONE: readonly StateInfo[] = [];

/** The session's states, the captured one first. */
export function useStates(): readonly StateInfo[] {
  return useCall('states.list', {}).value?.states ?? NONE;
}

/** Chooses one of the session's states: the capture, further captures, simulated machines. */
export function StateButton({
  label,
  states,
  chosen,
  onChoose,
}: {
  /** What the choice is for: `A`, `B`, `Check`. */
  readonly label: string;
  readonly states: readonly StateInfo[];
  /** The chosen state's id; undefined for the first. */
  readonly chosen: string | undefined;
  readonly onChoose: (state: string) => void;
}): ReactNode {
  const { actions } = useWorkbench();
  const shown = states.find(({ id }) => id === chosen) ?? states[0];
  return (
    <MenuButton
      label={label}
      className="btn state-button"
      items={() => [
        ...states.map(({ id, name, detail }) => ({
          title: name,
          detail,
          checked: id === shown?.id,
          run: () => onChoose(id),
        })),
        { title: 'Open a second state…', run: () => void actions.run('target.second') },
      ]}
    >
      <span className="muted">{label}</span>
      <span className="state-name">{shown?.name ?? '–'}</span> ▾
    </MenuButton>
  );
}
