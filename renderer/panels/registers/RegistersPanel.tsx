import type { ReactNode } from 'react';
import { useCallback, useMemo, useRef, useState } from 'react';
import type { MachineEvent, RegisterItem } from '../../../core/protocol/contract.ts';
import { asFailure } from '../../engine/failure.ts';
import { useCall } from '../../engine/useCall.ts';
import { useWorkbench } from '../../state/context.ts';
import { useStore } from '../../state/store.ts';
import { useChanged } from '../../state/useChanged.ts';
import { useFollowed } from '../../state/useFollowed.ts';
import { copyText } from '../../ui/clipboard.ts';
import { ActionKeys } from '../../ui/Keys.tsx';
import { MenuButton } from '../../ui/MenuButton.tsx';
import type { Column } from '../../ui/columns.ts';
import { nextSort } from '../../ui/columns.ts';
import { Panel } from '../../ui/Panel.tsx';
import { useFolds } from '../../ui/useFolds.ts';
import { VirtualRows } from '../../ui/VirtualRows.tsx';
import { EMPTY } from '../../wording.ts';
import { NoDump } from '../NoDump.tsx';
import { DecodeBox } from './DecodeBox.tsx';
import { registerRows, registerTable, rowId } from './model.ts';
import { RegisterCells } from './RegisterCells.tsx';
import { RegisterDetail } from './RegisterDetail.tsx';
import { useAgainst } from './useAgainst.tsx';
import { WriteForm } from './WriteForm.tsx';
import './registers.css';

const COLUMNS: readonly Column[] = [
  { id: 'register', title: 'Register', width: 130, grow: 180, sorts: true },
  { id: 'offset', title: 'Offset', width: 56, sorts: true },
  { id: 'value', title: 'Value', width: 158 },
  { id: 'decoded', title: 'Decoded', width: 100, grow: 'rest' },
];
/** The columns with a last one for the former value, or that of the state beside. */
const withWas = (title: string): readonly Column[] => [
  ...COLUMNS,
  { id: 'was', title, width: 158 },
];
const WITH_WAS = withWas('Was');
const NONE: readonly RegisterItem[] = [];

/** A unit's registers by name; those of a simulated unit can be written. */
export function RegistersPanel(): ReactNode {
  const { session, selection, engine, notices, actions, view } = useWorkbench();
  const info = useStore(session.info);
  const units = info?.units ?? [];
  const followed = useFollowed(({ unit }) => unit);
  const [chosen, setChosen] = useState<string>();
  if (useChanged(followed)) setChosen(undefined);
  const unit =
    [chosen, followed].find((name) => units.some((each) => each.name === name)) ?? units[0]?.name;
  const { against, choice } = useAgainst(info?.units.find(({ name }) => name === unit));
  const answer = useCall('registers.get', unit === undefined ? undefined : { unit, against });
  const beside = answer.value?.beside;
  const [written, setWritten] = useState<readonly RegisterItem[]>();
  const [events, setEvents] = useState<readonly MachineEvent[]>([]);
  const [open, setOpen] = useFolds('registers');
  const [filter, setFilter] = useState('');
  const [selected, setSelected] = useState(-1);
  const [writing, setWriting] = useState<RegisterItem>();
  const filterInput = useRef<HTMLInputElement>(null);

  if (useChanged(answer.value)) setWritten(undefined);
  if (useChanged(unit)) {
    setEvents([]);
    setSelected(-1);
  }

  const registers = written ?? answer.value?.registers ?? NONE;
  const sort = useStore(view.state, ({ tables }) => tables['registers']?.sort);
  const rows = useMemo(
    () => registerRows(registers, open, filter, sort),
    [registers, open, filter, sort],
  );
  const sortBy = useCallback(
    (column: string) => view.setSort('registers', nextSort(view.table('registers').sort, column)),
    [view],
  );
  const simulated = answer.value?.unit.from === 'simulated';
  // What can change has a column for what it was.
  const changed = simulated || beside !== undefined || registers.some(isChanged);
  const columns = useMemo(
    () => (beside === undefined ? (changed ? WITH_WAS : COLUMNS) : withWas(beside.name)),
    [beside, changed],
  );
  const current = rows[selected];
  const shownField = current?.kind === 'field' ? current.field.name : undefined;
  const [pointed, setPointed] = useState<string>();
  if (useChanged(`${current?.register.name} ${shownField}`)) setPointed(undefined);

  const toggle = (index: number, to?: boolean): void => {
    const row = rows[index];
    if (row?.kind !== 'register' || row.open === to) return;
    const next = new Set(open);
    if (row.open) next.delete(row.register.name);
    else next.add(row.register.name);
    setOpen(next);
  };
  const select = (index: number): void => {
    setSelected(index);
    const row = rows[index];
    if (row) selection.publish({ unit, register: row.register.name, from: 'registers' });
  };
  const write = (register: RegisterItem, value: string): void => {
    setWriting(undefined);
    if (unit === undefined) return;
    engine
      .call('registers.write', {
        unit,
        offset: register.offset,
        width: register.width > 32 ? 64 : 32,
        value,
      })
      .then(
        (done) => {
          setWritten(done.registers);
          setEvents(done.events);
        },
        (error: unknown) => notices.fail(asFailure(error)),
      );
  };
  const own = useMemo(
    () => ({
      'panel.filter': () => filterInput.current?.focus(),
      'panel.escape': () => {
        setFilter('');
      },
      'copy.value': () => {
        const row = rows[selected];
        const value = row?.kind === 'field' ? row.field.value : row?.register.value;
        if (value !== undefined) void copyText(value, notices);
      },
    }),
    [rows, selected, notices],
  );

  return (
    <Panel
      loading={answer.state === 'loading'}
      failure={answer.failure}
      actions={own}
      table={
        unit === undefined
          ? undefined
          : { name: `Registers of ${unit}`, read: () => registerTable(unit, rows) }
      }
      partial={[answer.value?.note, beside?.note].filter(Boolean).join(' ') || undefined}
      bar={
        units.length > 0 && (
          <>
            <MenuButton
              label={`Unit ${unit}`}
              items={() =>
                units.map((each) => ({
                  title: each.name,
                  detail: each.from,
                  checked: each.name === unit,
                  run: () => setChosen(each.name),
                }))
              }
            >
              {unit} ▾
            </MenuButton>
            {choice}
            <input
              ref={filterInput}
              className="field registers-filter"
              aria-label="Find a register"
              placeholder="Find"
              value={filter}
              spellCheck={false}
              onChange={(event) => setFilter(event.target.value)}
            />
            <DecodeBox
              vendor={answer.value?.unit.vendor ?? 'intel'}
              names={registers}
              selected={current?.register.name}
            />
            {!units.some((each) => each.from === 'simulated') && (
              <button type="button" className="btn" onClick={() => actions.run('target.machine')}>
                Add a simulated unit
              </button>
            )}
          </>
        )
      }
    >
      {unit === undefined ? (
        <NoDump text={EMPTY.registers} />
      ) : (
        <>
          <div className="registers">
            <VirtualRows
              label={`Registers of ${unit}`}
              columns={columns}
              table={`registers ${unit}`}
              rowId={(index) => rowId(rows[index])}
              sort={sort}
              onSort={sortBy}
              role="treegrid"
              count={rows.length}
              selected={selected}
              onSelect={select}
              nameOf={(index) => {
                const row = rows[index];
                return row?.kind === 'field' ? row.field.name : row?.register.name;
              }}
              onToggle={(index) => toggle(index)}
              onOpen={(index) => {
                const row = rows[index];
                if (simulated && row) setWriting(row.register);
                else toggle(index);
              }}
              onKey={(stroke, index) => {
                if (stroke === 'Right') toggle(index, true);
                else if (stroke === 'Left') {
                  if (rows[index]?.kind === 'register') toggle(index, false);
                  else
                    select(
                      rows.findIndex(
                        (row) => row.kind === 'register' && row.register === rows[index]?.register,
                      ),
                    );
                } else return false;
                return true;
              }}
              aria={(index) => {
                const row = rows[index];
                if (row.kind === 'field') return { level: 2 };
                return row.register.fields.length === 0
                  ? { level: 1 }
                  : { level: 1, expanded: row.open };
              }}
              rowClass={(index) => (isChanged(rows[index].register) ? 'is-changed' : '')}
              render={(index) => (
                <RegisterCells
                  row={rows[index]}
                  was={beside ? 'beside' : changed ? 'before' : undefined}
                  onToggle={() => toggle(index)}
                />
              )}
            />
          </div>
          {current !== undefined && hasValue(current.register) && (
            <RegisterDetail
              key={current.register.name}
              register={current.register}
              shown={pointed ?? shownField}
              onShow={setPointed}
            />
          )}
          {simulated && (
            <p className="hint-line registers-hint">
              Simulated: <ActionKeys action="list.open" /> writes the selected register, with the
              effect that hardware gives it.
            </p>
          )}
          {writing && (
            <WriteForm
              key={writing.offset}
              register={writing}
              onCancel={() => setWriting(undefined)}
              onWrite={(value) => write(writing, value)}
            />
          )}
          {events.length > 0 && <Events events={events} />}
        </>
      )}
    </Panel>
  );
}

function Events({ events }: { readonly events: readonly MachineEvent[] }): ReactNode {
  return (
    <section className="registers-events" aria-label="What the unit did">
      <h3>What the unit did</h3>
      <ol>
        {events.map((event) => (
          <li key={event.n}>
            <span className="muted mono">{event.kind}</span> {event.text}
          </li>
        ))}
      </ol>
    </section>
  );
}

const hasValue = (register: RegisterItem): register is RegisterItem & { readonly value: string } =>
  register.value !== undefined && register.fields.length > 0;

const isChanged = ({ was, value }: RegisterItem): boolean =>
  was !== undefined && value !== undefined && was !== value;
