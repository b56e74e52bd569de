import type { ReactNode } from 'react';
import { idTip } from '../format/bdf.ts';
import { deviceOfPath, goTo, parseTarget } from '../shell/go.ts';
import { addressItems } from '../shell/selection-menu.ts';
import { useWorkbench } from '../state/context.ts';
import { useStore } from '../state/store.ts';

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
  const bdf = deviceOfPath(target);
  const units = useStore(workbench.session.info, (info) => info?.units);
  return (
    <button
      type="button"
      className="link"
      title={bdf === undefined ? undefined : `${bdf}: ${idTip(bdf, units)}`}
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
