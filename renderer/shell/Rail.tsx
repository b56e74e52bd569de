import type { ReactNode } from 'react';
import { useRef } from 'react';
import { formatCount } from '../../core/format/size.ts';
import { keymap, keysOf } from '../keymap.ts';
import type { PanelKind } from '../panels/registry.ts';
import { PANELS, RAIL, kindOf } from '../panels/registry.ts';
import { useWorkbench } from '../state/context.ts';
import { useCalmStore } from '../state/paced.ts';
import { useStore } from '../state/store.ts';
import { useRoving } from '../ui/useRoving.ts';
import './rail.css';

/** The panels by what they are about. */
export function Rail(): ReactNode {
  const { session } = useWorkbench();
  const info = useCalmStore(session.info);
  const root = useRef<HTMLElement>(null);
  useRoving(root, 'vertical');
  const count = (kind: PanelKind): number | undefined => {
    if (!info || info.empty) return undefined;
    if (kind === 'faults') return info.counts.faults;
    if (kind === 'console' && info.consoles.length > 1) return info.consoles.length;
    if (kind === 'tables' && info.counts.findings > 0) return info.counts.findings;
    if (kind === 'compare') return info.counts.compare || undefined;
    if (kind === 'audit') return info.counts.audit || undefined;
    return undefined;
  };
  return (
    <nav ref={root} className="rail" aria-label="Panels">
      {RAIL.map((group) => (
        <section key={group.title} aria-label={group.title}>
          <h2>{group.title}</h2>
          <ul>
            {group.panels.map((kind) => (
              <RailRow key={kind} kind={kind} count={count(kind)} />
            ))}
          </ul>
        </section>
      ))}
    </nav>
  );
}

function RailRow({
  kind,
  count,
}: {
  readonly kind: PanelKind;
  readonly count: number | undefined;
}): ReactNode {
  const { dock, actions, session, start } = useWorkbench();
  const { visible, active } = useStore(dock.state);
  const empty = useStore(session.info, (info) => info?.empty ?? true);
  const starting = useStore(start);
  const { title, letter } = PANELS[kind];
  const keys = useStore(keymap, () => keysOf(`go.${kind}`)) ?? '';
  const shown = !starting && visible.some((id) => kindOf(id) === kind);
  const focused = !starting && active !== undefined && kindOf(active) === kind;
  return (
    <li>
      <button
        type="button"
        className={`rail-row ${shown ? 'is-open' : ''} ${focused ? 'is-on' : ''}`}
        aria-current={focused ? 'page' : undefined}
        disabled={empty}
        title={`${title} (${keys})`}
        onClick={() => actions.run(`go.${kind}`)}
      >
        <b aria-hidden="true">{keys.split(' ').at(-1) ?? letter}</b>
        <span className="rail-name">{title}</span>
        {count !== undefined && <span className="rail-count">{formatCount(count)}</span>}
      </button>
    </li>
  );
}
