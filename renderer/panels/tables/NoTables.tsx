import type { ReactNode } from 'react';
import type { SessionInfo } from '../../../core/protocol/contract.ts';
import { useWorkbench } from '../../state/context.ts';
import { ActionKeys } from '../../ui/Keys.tsx';
import { EMPTY, noVmcoreinfo } from '../../wording.ts';
import { NoDump } from '../NoDump.tsx';

/** What leads to tables where no kernel says where they are. */
const WAYS = [
  ['tables.scan', 'Scan for tables…'],
  ['tables.root', 'Give a root table address…'],
  ['target.open', 'Load register values…'],
] as const;

/** The Tables panel while no unit is known. */
export function NoTables({ info }: { readonly info: SessionInfo }): ReactNode {
  const { actions } = useWorkbench();
  const dump = info.sources.find(({ kind }) => kind === 'dump');
  if (!dump) return <NoDump text={EMPTY.tablesNoSource} />;
  return (
    <div className="empty-state">
      <p>{info.vmcoreinfo === false ? noVmcoreinfo(/^ELF\b/.test(dump.detail)) : EMPTY.tables}</p>
      <div className="button-row">
        {WAYS.map(([action, title], index) => (
          <button
            key={action}
            type="button"
            className={index === 0 ? 'btn btn-primary' : 'btn'}
            data-first-focus={index === 0 ? '' : undefined}
            onClick={() => actions.run(action)}
          >
            {title} <ActionKeys action={action} />
          </button>
        ))}
      </div>
    </div>
  );
}
