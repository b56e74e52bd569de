import type { ReactNode } from 'react';
import { createContext, useContext, useEffect, useMemo, useRef, useState } from 'react';
import type { WireFailure } from '../../core/protocol/wire.ts';
import type { PanelActions } from '../state/actions.ts';
import { useWorkbench } from '../state/context.ts';
import { copyText } from './clipboard.ts';
import { ErrorBlock } from './ErrorBlock.tsx';
import { ActionKeys } from './Keys.tsx';
import type { PanelTable } from './table-export.ts';
import { openExport } from './table-export.ts';
import { useRoving } from './useRoving.ts';

/** The id of the panel that a component stands in. */
export const PanelId = createContext('');

export function usePanelId(): string {
  return useContext(PanelId);
}

interface PanelProps {
  readonly bar?: ReactNode;
  readonly children: ReactNode;
  readonly loading?: boolean;
  /** One line above the body: what is missing of the answer. */
  readonly partial?: ReactNode;
  readonly failure?: WireFailure;
  readonly retry?: () => void;
  /** What the panel answers to keys while it has the focus. */
  readonly actions?: PanelActions;
  /**
   * Puts the focus into the panel; absent: what it marks with
   * data-first-focus takes it. False says
   * that what takes it is not there yet: it is asked again.
   */
  readonly focus?: () => boolean;
  /** The panel's table, for `Copy as…` (Shift+C): copied or saved as CSV, JSON or Markdown. */
  readonly table?: PanelTable;
}

/** A panel: bar, states, body. */
export function Panel(props: PanelProps): ReactNode {
  const workbench = useWorkbench();
  const { dock, actions } = workbench;
  const id = usePanelId();
  const root = useRef<HTMLDivElement>(null);
  const waiting = useRef(false);
  /** The focus was last seen in this panel. */
  const inside = useRef(false);
  const focus = useRef(props.focus);
  useEffect(() => {
    focus.current = props.focus;
  });

  useEffect(
    () =>
      dock.focusable(id, () => {
        waiting.current = !takeFocus(root.current, focus.current);
      }),
    [dock, id],
  );
  // What takes the focus may come only with the answer, and may go with the next one; by then a
  // person may be elsewhere.
  useEffect(() => {
    const panel = root.current;
    if (!panel) return;
    const observer = new MutationObserver(() => {
      const focused = document.activeElement;
      const lost = inside.current && focused === document.body;
      if (lost || (waiting.current && focused === panel))
        waiting.current = !takeFocus(panel, focus.current);
      else if (focused !== panel) waiting.current = false;
    });
    observer.observe(panel, { childList: true, subtree: true });
    return () => observer.disconnect();
  }, []);

  const table = useRef(props.table);
  useEffect(() => {
    table.current = props.table;
  });
  const exports = props.table !== undefined;
  const { actions: answers } = props;
  const own = useMemo(
    () =>
      exports
        ? {
            ...answers,
            'copy.as': () => {
              if (table.current) openExport(workbench, table.current);
            },
            'copy.row': () => {
              const [row] = table.current?.forms?.() ?? [];
              if (row) void copyText(row.text, workbench.notices);
              else answers?.['copy.value']?.();
            },
          }
        : answers && { 'copy.row': answers['copy.value'], ...answers },
    [answers, exports, workbench],
  );
  useEffect(() => (own ? actions.panel(id, own) : undefined), [actions, id, own]);

  return (
    <div
      className="panel"
      ref={root}
      tabIndex={-1}
      onFocus={() => {
        inside.current = true;
      }}
      onBlur={(event) => {
        inside.current = event.relatedTarget === null || within(root.current, event.relatedTarget);
      }}
    >
      {props.loading && <LoadingBar />}
      {props.bar && <Bar>{props.bar}</Bar>}
      {props.partial && (
        <div className="partial-strip" role="status">
          {props.partial}
        </div>
      )}
      {props.failure ? <ErrorBlock failure={props.failure} retry={props.retry} /> : props.children}
    </div>
  );
}

/** An answer that comes within that time has no bar, ms (ui.md, section 4). */
const BAR_AFTER = 100;

function LoadingBar(): ReactNode {
  const [late, setLate] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setLate(true), BAR_AFTER);
    return () => clearTimeout(timer);
  }, []);
  return late && <div className="loading-bar" role="progressbar" aria-label="Reading" />;
}

function within(panel: HTMLElement | null, target: EventTarget): boolean {
  return target instanceof Node && (panel?.contains(target) ?? false);
}

/** Puts the focus into a panel. @returns false when what should have it is not there yet. */
function takeFocus(panel: HTMLElement | null, own: (() => boolean) | undefined): boolean {
  if (own) {
    if (own()) return true;
    panel?.focus();
    return false;
  }
  const first = panel?.querySelector<HTMLElement>('[data-first-focus]');
  (first ?? panel)?.focus({ preventScroll: true });
  return first !== null;
}

/** The panel's bar: one tab stop for its buttons, arrows among them. */
function Bar({ children }: { readonly children: ReactNode }): ReactNode {
  const bar = useRef<HTMLDivElement>(null);
  useRoving(bar, 'horizontal');
  return (
    <div ref={bar} className="bar" role="toolbar" aria-label="Panel">
      {children}
    </div>
  );
}

/** A panel with nothing to show: one sentence, one button, its key. */
export function Empty({
  text,
  action,
  button,
}: {
  readonly text: string;
  readonly action?: string;
  readonly button?: string;
}): ReactNode {
  const { actions } = useWorkbench();
  return (
    <div className="empty-state">
      <p>{text}</p>
      {action && button && (
        <button type="button" className="btn" data-first-focus onClick={() => actions.run(action)}>
          {button} <ActionKeys action={action} />
        </button>
      )}
    </div>
  );
}
