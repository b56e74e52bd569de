import type { ReactNode } from 'react';
import { useMemo, useRef, useState } from 'react';
import type { EntryInfo } from '../../../core/protocol/contract.ts';
import type { FieldItem } from '../../../core/protocol/schema.ts';
import { plural } from '../../../core/format/size.ts';
import { asFailure } from '../../engine/failure.ts';
import { useCall } from '../../engine/useCall.ts';
import { whoReaches } from '../../shell/go.ts';
import { withCommas } from '../../format/prose.ts';
import { useWorkbench } from '../../state/context.ts';
import { useStore } from '../../state/store.ts';
import { useChanged } from '../../state/useChanged.ts';
import { useFollowed } from '../../state/useFollowed.ts';
import { Address } from '../../ui/Address.tsx';
import { copyText } from '../../ui/clipboard.ts';
import { Glyph } from '../../ui/Glyph.tsx';
import { ActionKeys } from '../../ui/Keys.tsx';
import { MenuButton } from '../../ui/MenuButton.tsx';
import { Empty, Panel } from '../../ui/Panel.tsx';
import type { PanelTable } from '../../ui/table-export.ts';
import { TargetLink } from '../../ui/TargetLink.tsx';
import { useWidth } from '../../ui/useWidth.ts';
import { EMPTY } from '../../wording.ts';
import { BitRuler } from './BitRuler.tsx';
import { fieldBits, fieldValue, formerValue } from './bits.ts';
import { entryForms, entryTable } from './copy.ts';
import { FieldTable } from './FieldTable.tsx';
import { Journal } from './Journal.tsx';
import { NamedIn } from './NamedIn.tsx';
import './entry.css';

/** Shows one entry bit by bit. */
export function EntryPanel(): ReactNode {
  const { notices } = useWorkbench();
  const shown = useShownEntry();
  const path = shown?.path;
  const answer = useCall('entry.get', shown);
  const entry = answer.value;
  const [picked, setPicked] = useState<{ readonly path: string; readonly field: string }>();
  const shownField = entry && fieldShown(entry, picked?.path === entry.path ? picked.field : '');
  const forms = useMemo(() => (entry ? entryForms(entry, shownField) : []), [entry, shownField]);
  const own = useMemo(
    () => ({
      'copy.value': shownField && (() => void copyText(shownField.value, notices)),
      // A part of the text that is selected comes first.
      'copy.row': entry && (() => void copyText(entry.words.join(' '), notices)),
    }),
    [entry, shownField, notices],
  );
  const table = useMemo(
    (): PanelTable | undefined =>
      entry && { name: entry.title, read: () => entryTable(entry), forms: () => forms },
    [entry, forms],
  );
  return (
    <Panel
      loading={answer.state === 'loading'}
      failure={answer.failure}
      actions={own}
      table={table}
      partial={entry?.other?.note}
      bar={
        entry && (
          <>
            <b className="shrink entry-title">{entry.title}</b>
            <span className="muted shrink">
              {entry.width} bits at{' '}
              <TargetLink target={entry.address}>
                <Address value={entry.address} />
              </TargetLink>
            </span>
            {entry.was && (
              <span className="diff push">
                Δ {changedFields(entry)} {changedFields(entry) === 1 ? 'field' : 'fields'}
              </span>
            )}
            <span className={entry.was ? '' : 'push'}>
              <MenuButton
                label="Copy the entry"
                items={() =>
                  forms.map(({ title, text }) => ({
                    title,
                    run: () => void copyText(text, notices),
                  }))
                }
              >
                Copy <ActionKeys action="copy.value" />
              </MenuButton>
            </span>
          </>
        )
      }
    >
      {path === undefined ? (
        <Empty text={EMPTY.entry} action="go.tables" button="Tables" />
      ) : (
        entry && (
          <EntryBody
            entry={entry}
            field={shownField}
            onShow={(field) => setPicked({ path: entry.path, field })}
          />
        )
      )}
    </Panel>
  );
}

/**
 * The selected entry, and the state beside it: the one that Compare or Tables has. Of a selected
 * fault it is the entry that decided its walk.
 */
function useShownEntry():
  { readonly path: string; readonly state?: string; readonly against?: string } | undefined {
  const { tree } = useWorkbench();
  const beside = useStore(tree.state, (state) => state.against);
  const followed = useFollowed((selection) =>
    selection.entry !== undefined || selection.fault !== undefined ? selection : undefined,
  );
  const fault = followed?.entry === undefined ? followed?.fault : undefined;
  const explained = useCall('explain', fault === undefined ? undefined : { fault }).value;
  const path = followed?.entry ?? explained?.walk?.steps.findLast((step) => step.path)?.path;
  if (path === undefined) return undefined;
  const { source: state, against } = followed ?? {};
  return { path, state, against: against ?? (state === undefined ? beside : undefined) };
}

function EntryBody({
  entry,
  field,
  onShow,
}: {
  readonly entry: EntryInfo;
  /** The field in the readout. */
  readonly field: FieldItem | undefined;
  readonly onShow: (field: string) => void;
}): ReactNode {
  const workbench = useWorkbench();
  const { actions, engine, faults, notes, notices } = workbench;
  const body = useRef<HTMLDivElement>(null);
  const width = useWidth(body);
  const [editing, setEditing] = useState<string>();
  // Another entry is drawn into the same elements: keys go from one to the next.
  if (useChanged(entry.path)) setEditing(undefined);
  const shown = field?.name;

  const poke = (name: string, value: string): void => {
    engine
      .call('entry.poke', { path: entry.path, field: name, value })
      .catch((error: unknown) => notices.fail(asFailure(error)));
  };
  const { reachedFrom, pointsTo, mentionedIn } = entry;
  // Notes come and go without a change of the tables.
  const noted = useStore(
    notes.state,
    (state) =>
      state.notes.filter(({ pin }) => pin?.kind === 'entry' && pin.path === entry.path).length,
  );
  return (
    <div className="panel-body" ref={body}>
      {width > 0 && (
        <BitRuler
          entry={entry}
          width={width}
          shown={shown}
          onShow={onShow}
          onEdit={entry.writable ? setEditing : undefined}
        />
      )}
      <p className="readout" aria-live="polite">
        {field && (
          <>
            <span>
              <b>{field.name}</b>{' '}
              <span className="mono">
                {fieldBits(field)} = {fieldValue(field)}
                {isDecimal(field.text) && ` (${field.text})`}
              </span>{' '}
              <span className="muted">{field.spec}</span>
            </span>
            <span>
              {field.was !== undefined && (
                <span className="diff">
                  Δ {entry.other ? `${entry.other.name}: ` : 'was '}
                  {formerValue(field)}.{' '}
                </span>
              )}
              {field.text === fieldValue(field) || isDecimal(field.text) ? '' : `${field.text}. `}
              {field.meaning}
            </span>
          </>
        )}
      </p>
      <FieldTable
        fields={entry.fields}
        shown={shown}
        onShow={onShow}
        editing={editing}
        onEdit={setEditing}
        onPoke={entry.writable ? poke : undefined}
        other={entry.other ? entry.other.name : entry.was ? 'Before' : undefined}
      />
      <dl className="facts">
        <dt>Reached from</dt>
        <dd>
          {reachedFrom ? (
            <TargetLink target={reachedFrom.path}>{reachedFrom.label}</TargetLink>
          ) : (
            '–'
          )}
        </dd>
        <dt>Points to</dt>
        <dd>
          {pointsTo ? (
            <>
              <TargetLink target={pointsTo.path ?? pointsTo.address}>
                {pointsTo.label} <Address value={pointsTo.address} />
              </TargetLink>{' '}
              {pointsTo.usedBy && <UsedBy devices={pointsTo.usedBy} />}
              <button
                type="button"
                className="link"
                onClick={() => whoReaches(workbench, pointsTo.address)}
              >
                Who can reach this page?
              </button>
            </>
          ) : (
            '–'
          )}
        </dd>
        <dt>Mentioned in</dt>
        <dd>
          {mentionedIn.faults === 0 ? (
            '0 faults'
          ) : (
            <button
              type="button"
              className="link"
              onClick={() => {
                faults.setFilter(mentionedIn.filter);
                actions.run('go.faults');
              }}
            >
              {plural(mentionedIn.faults, 'fault')}
            </button>
          )}
          {mentionedIn.device !== undefined && <NamedIn bdf={mentionedIn.device} />}
          {noted > 0 && (
            <>
              {' · '}
              <button type="button" className="link" onClick={() => actions.run('go.notes')}>
                {plural(noted, 'note')}
              </button>
            </>
          )}
        </dd>
        <dt>Layout</dt>
        <dd>
          {entry.layout} <span className="muted">{entry.spec}</span>
        </dd>
        <dt>Read from</dt>
        <dd>{entry.origin}</dd>
      </dl>
      {entry.findings.length > 0 && (
        <ul className="section entry-findings">
          {entry.findings.map((finding) => (
            <li key={finding.id + finding.text}>
              <Glyph kind={finding.severity} /> {withCommas(finding.text)}
            </li>
          ))}
        </ul>
      )}
      <Journal />
    </div>
  );
}

/** Other devices that go through the same page table. */
function UsedBy({ devices }: { readonly devices: readonly string[] }): ReactNode {
  if (devices.length === 0) return <span className="muted">· used by no other device </span>;
  return (
    <span className="muted">
      · also used by{' '}
      {devices.map((bdf, index) => (
        <span key={bdf}>
          {index > 0 && ', '}
          {bdf}
        </span>
      ))}{' '}
    </span>
  );
}

const isDecimal = (text: string): boolean => /^\d+$/.test(text);

function changedFields(entry: EntryInfo): number {
  return entry.fields.filter((field) => field.was !== undefined).length;
}

/**
 * The field in the readout: the one that was picked; at first a changed one, then where the entry
 * leads, then the first that means something.
 */
function fieldShown({ fields }: EntryInfo, picked: string): FieldItem | undefined {
  const meaning = fields.filter(({ kind }) => kind !== 'reserved' && kind !== 'ignored');
  return (
    fields.find(({ name }) => name === picked) ??
    meaning.find(({ was }) => was !== undefined) ??
    meaning.find(({ kind, value }) => kind === 'address' && BigInt(value) !== 0n) ??
    meaning.at(-1) ??
    fields[0]
  );
}
