import type { ReactNode } from 'react';
import { useState } from 'react';
import { useFollowed } from '../../state/useFollowed.ts';
import { MenuButton } from '../../ui/MenuButton.tsx';
import { useStates } from '../../ui/StateButton.tsx';

/** No state beside: what was read before counts. */
const PREVIOUS = '';

/**
 * What the values of a unit's registers are held against: the reading before, or another state of
 * the session. The state that stands beside in Tables is taken until another is chosen.
 */
export function useAgainst(unit: { readonly name: string; readonly from: string } | undefined): {
  readonly against: string | undefined;
  readonly choice: ReactNode;
} {
  const states = useStates();
  const followed = useFollowed((each) => each.against);
  const [chosen, setChosen] = useState<string>();
  const own = unit?.from === 'simulated' ? unit.name : 'captured';
  const others = states.filter(({ id }) => id !== own);
  const against = others.find(({ id }) => id === (chosen ?? followed))?.id;
  if (others.length === 0) return { against: undefined, choice: undefined };
  const shown = others.find(({ id }) => id === against);
  return {
    against,
    choice: (
      <MenuButton
        label="Was"
        className="btn state-button"
        items={() => [
          {
            title: 'Previous reading',
            checked: against === undefined,
            run: () => setChosen(PREVIOUS),
          },
          ...others.map(({ id, name, detail }) => ({
            title: name,
            detail,
            checked: id === against,
            run: () => setChosen(id),
          })),
        ]}
      >
        <span className="muted">Was</span>{' '}
        <span className="state-name">{shown?.name ?? 'previous reading'}</span> ▾
      </MenuButton>
    ),
  };
}
