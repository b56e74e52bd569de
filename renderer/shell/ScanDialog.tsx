import type { ReactNode } from 'react';
import { useState } from 'react';
import { formatCount } from '../../core/format/size.ts';
import type { FoundTable } from '../../core/protocol/contract-scan.ts';
import { RootKind } from '../../core/protocol/contract-scan.ts';
import { useAttempt } from '../engine/useAttempt.ts';
import { useCall } from '../engine/useCall.ts';
import { useWorkbench } from '../state/context.ts';
import { useStore } from '../state/store.ts';
import { Dialog } from '../ui/Dialog.tsx';
import { DialogButtons } from '../ui/DialogButtons.tsx';
import { ErrorBlock } from '../ui/ErrorBlock.tsx';
import type { Column } from '../ui/columns.ts';
import { VirtualRows } from '../ui/VirtualRows.tsx';

const COLUMNS: readonly Column[] = [
  { id: 'score', title: 'Score', width: 52, end: true },
  { id: 'address', title: 'Address', width: 120 },
  { id: 'table', title: 'Table', width: 170 },
  { id: 'devices', title: 'Devices', width: 66, end: true },
  { id: 'unit', title: 'Unit', width: 64 },
  { id: 'why', title: 'Why', width: 200, grow: 'rest' },
];

/** Finds tables by their form alone, and takes them as those of the units. */
export function ScanDialog({ onClose }: { readonly onClose: () => void }): ReactNode {
  const { engine, session, dock } = useWorkbench();
  const job = useStore(session.info, (info) => info?.jobs.find(({ id }) => id === 'scan'));
  const answer = useCall('scan.run', {}, false);
  const { tables = [], usable, pages = 0, notes = [], more = 0 } = answer.value ?? {};
  const [picked, setPicked] = useState<number>();
  const { busy, failure, run } = useAttempt();
  const take = (work: () => Promise<unknown>): void =>
    run(work, () => {
      onClose();
      dock.open('tables');
    });
  const given = (table: FoundTable | undefined) => {
    const kind = RootKind.safeParse(table?.kind);
    return table && kind.success
      ? { kind: kind.data, address: table.address, entries: table.entries }
      : undefined;
  };
  // At first the best of those that a unit's registers can point to.
  const selected = picked ?? tables.findIndex((table) => given(table) !== undefined);
  const one = given(tables[selected]);
  return (
    <Dialog
      title="Scan for tables"
      onClose={onClose}
      onSubmit={() => {
        if (usable) take(() => engine.call('scan.use', {}));
      }}
      foot={
        <DialogButtons submit="Use the best" disabled={busy || !usable} onClose={onClose}>
          <button
            type="button"
            className="btn"
            disabled={busy || one === undefined}
            onClick={() => one && take(() => engine.call('tables.give', one))}
          >
            Use the selected
          </button>
        </DialogButtons>
      }
    >
      <p className="second" role="status">
        {answer.state === 'loading'
          ? `Looking at every page of the dump…${job?.percent === undefined ? '' : ` ${job.percent} %`}`
          : answer.value
            ? summary(tables.length + more, pages)
            : ''}
      </p>
      {(failure ?? answer.failure) && (
        <ErrorBlock
          failure={(failure ?? answer.failure)!}
          retry={failure ? undefined : answer.retry}
        />
      )}
      {tables.length > 0 && (
        <div className="scan-list">
          <VirtualRows
            label="Tables that were found"
            columns={COLUMNS}
            table="scan"
            role="grid"
            count={tables.length}
            selected={selected}
            onSelect={setPicked}
            onOpen={(index) => {
              const table = given(tables[index]);
              if (table) take(() => engine.call('tables.give', table));
            }}
            render={(index) => <Cells table={tables[index]} />}
          />
        </div>
      )}
      {notes.map((note) => (
        <p key={note} className="hint-line">
          {note}
        </p>
      ))}
    </Dialog>
  );
}

function Cells({ table }: { readonly table: FoundTable }): ReactNode {
  const why = table.why.join('; ');
  return (
    <>
      <span role="gridcell" className="num">
        {table.score.toFixed(3)}
      </span>
      <span role="gridcell">{table.address}</span>
      <span role="gridcell" className="text">
        {KINDS[table.kind] ?? table.kind}
      </span>
      <span role="gridcell" className="num">
        {formatCount(table.devices)}
      </span>
      <span role="gridcell">{table.units.join(', ')}</span>
      <span role="gridcell" className="text second" title={why}>
        {why}
      </span>
    </>
  );
}

const KINDS: Readonly<Record<string, string | undefined>> = {
  'root-table': 'VT-d root table',
  'scalable-root-table': 'VT-d root table, scalable',
  'device-table': 'AMD-Vi device table',
  'interrupt-table': 'interrupt table',
};

function summary(tables: number, pages: number): string {
  const looked = `${formatCount(pages)} pages with content were looked at`;
  if (tables === 0) return `No table was found; ${looked}.`;
  return `${formatCount(tables)} ${tables === 1 ? 'table was' : 'tables were'} found by form alone; ${looked}.`;
}
