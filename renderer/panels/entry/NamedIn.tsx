import type { ReactNode } from 'react';
import { plural } from '../../../core/format/size.ts';
import { useCall } from '../../engine/useCall.ts';
import { useWorkbench } from '../../state/context.ts';

/** How many console lines name a device; each press leads to the next of them. */
export function NamedIn({ bdf }: { readonly bdf: string }): ReactNode {
  const { actions, selection } = useWorkbench();
  const { value } = useCall('console.mentions', { bdf });
  if (!value || value.lines === 0) return null;
  const { first, lines } = value;
  const next = (): void => {
    const { current } = selection;
    const at = first.findIndex(
      ({ console, line }) => console === current.console && line === current.line,
    );
    const { entry, unit } = current;
    selection.publish({ ...first[(at + 1) % first.length], bdf, entry, unit, from: 'entry' });
    actions.run('go.console');
  };
  return (
    <>
      {' · '}
      <button
        type="button"
        className="link"
        title={`Goes to the next console line that names ${bdf}`}
        onClick={next}
      >
        {plural(lines, 'console line')}
      </button>
    </>
  );
}
