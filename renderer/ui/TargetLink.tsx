import type { ReactNode } from 'react';
import { goTo, parseTarget } from '../shell/go.ts';
import { addressItems } from '../shell/selection-menu.ts';
import { useWorkbench } from '../state/context.ts';

interface TargetLinkProps {
  /** A path, `#7`, `L123` or an address. */
  readonly target: string;
  readonly children: ReactNode;
  /** The panel that shows it, when it is not the usual one. */
  readonly panel?: string;
  /** The console that a line is of. */
  readonly console?: string;
}

/** A link to anything that has a place in the window; it leaves the focus where it is. */
export function TargetLink({ target, children, panel, console }: TargetLinkProps): ReactNode {
  const workbench = useWorkbench();
  return (
    <button
      type="button"
      className="link"
      onClick={(event) => goTo(workbench, target, { panel, console, beside: event.shiftKey })}
      onContextMenu={(event) => {
        if (parseTarget(target).kind !== 'address') return;
        event.preventDefault();
        event.stopPropagation();
        workbench.menu.set({
          label: `Address ${target}`,
          at: { x: event.clientX, y: event.clientY },
          items: addressItems(workbench, target),
        });
      }}
    >
      {children}
    </button>
  );
}
