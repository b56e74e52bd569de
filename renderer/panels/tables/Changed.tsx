import type { ReactNode } from 'react';
import { useEffect, useState } from 'react';
import { formatCount } from '../../../core/format/size.ts';
import type { StateInfo } from '../../../core/protocol/contract-states.ts';
import { useCall } from '../../engine/useCall.ts';
import { useWorkbench } from '../../state/context.ts';
import { TargetLink } from '../../ui/TargetLink.tsx';
import { SIGNS } from '../compare/model.ts';
import { showEntryOf } from '../compare/show-entry.ts';

/** Entries that are listed at a time; Compare has them all. */
const LISTED = 100;

/** The entries that differ from the state beside the tree. */
export function Changed({
  beside,
  onClose,
}: {
  readonly beside: StateInfo;
  readonly onClose: () => void;
}): ReactNode {
  const workbench = useWorkbench();
  const { compared, actions, tree } = workbench;
  const [open, setOpen] = useState(true);
  const answer = useCall('compare.entries', { a: beside.id, b: 'captured', from: 0, to: LISTED });
  const { rows = [], total = 0 } = answer.value ?? {};
  // The rows above what differs count it as soon as it is known.
  useEffect(() => {
    if (answer.value) tree.rows.refresh();
  }, [tree, answer.value]);
  return (
    <section className="findings" aria-label={`Entries that differ from ${beside.name}`}>
      <h3>
        <button type="button" aria-expanded={open} onClick={() => setOpen(!open)}>
          {open ? '▾' : '▸'} Differs from {beside.name}{' '}
          <span className="muted">{answer.value ? formatCount(total) : 'comparing…'}</span>
        </button>
        <button
          type="button"
          className="link findings-copy"
          onClick={() => {
            compared.choose('a', beside.id);
            compared.choose('b', 'captured');
            actions.run('go.compare');
          }}
        >
          Compare
        </button>
        <button type="button" className="link" onClick={onClose}>
          Hide
        </button>
      </h3>
      {open && (
        <ul>
          {answer.value && total === 0 && (
            <li>
              <span />
              <span className="muted">No entry differs.</span>
            </li>
          )}
          {answer.failure && (
            <li>
              <span />
              <span className="muted">{answer.failure.happened}</span>
            </li>
          )}
          {rows.map(({ label, sign, inA, inB }) => {
            const path = inB ?? inA;
            const place = path?.split('/').slice(1).join('/');
            return (
              <li key={`${label} ${path ?? ''}`}>
                <span className={`compare-sign is-${sign}`} role="img" aria-label={sign}>
                  {SIGNS[sign]}
                </span>
                <span>{label}</span>
                {inB !== undefined && <TargetLink target={inB}>{place}</TargetLink>}
                {inB === undefined && inA !== undefined && (
                  <button
                    type="button"
                    className="link"
                    title={`Only ${beside.name} has it`}
                    onClick={(event) =>
                      showEntryOf(
                        workbench,
                        { entry: inA, source: beside.id, against: 'captured' },
                        { focus: false, beside: event.shiftKey },
                      )
                    }
                  >
                    {place}
                  </button>
                )}
              </li>
            );
          })}
          {total > rows.length && rows.length > 0 && (
            <li>
              <span />
              <span className="muted">
                {formatCount(total - rows.length)} more are listed by Compare
              </span>
            </li>
          )}
        </ul>
      )}
    </section>
  );
}
