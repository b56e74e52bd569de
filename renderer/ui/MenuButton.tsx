import type { ReactNode } from 'react';
import { useWorkbench } from '../state/context.ts';
import type { MenuItem } from '../state/workbench.ts';

/** A button that opens a menu under itself. */
export function MenuButton({
  label,
  name,
  tip,
  children,
  items,
  className = 'btn',
}: {
  /** What the menu is called. */
  readonly label: string;
  /** What the button is called where its face does not say it. */
  readonly name?: string;
  /** Its tip: the whole of a face that may be cut. */
  readonly tip?: string;
  readonly children: ReactNode;
  readonly items: () => readonly MenuItem[];
  readonly className?: string;
}): ReactNode {
  const { menu } = useWorkbench();
  return (
    <button
      type="button"
      className={className}
      aria-haspopup="menu"
      aria-label={name}
      title={tip}
      onClick={(event) => {
        const { left, bottom } = event.currentTarget.getBoundingClientRect();
        menu.set({ label, at: { x: left, y: bottom + 2 }, items: items() });
      }}
    >
      {children}
    </button>
  );
}
