import type { KeyboardEvent, ReactNode } from 'react';
import { useEffect, useId, useRef, useState } from 'react';
import type { CallAnswer, ConsoleInfo, DeviceItem } from '../../core/protocol/contract.ts';
import type { EngineApi } from '../engine/api.ts';
import { strokeOf } from '../keys.ts';
import { useWorkbench } from '../state/context.ts';
import { useStore } from '../state/store.ts';
import { useChanged } from '../state/useChanged.ts';
import { ActionKeys, Keys } from '../ui/Keys.tsx';
import { nothingMatches } from '../wording.ts';
import { goTo } from './go.ts';
import type { JumpMode, JumpRow } from './jump.ts';
import { findActions, readJump } from './jump.ts';

/** Console lines that are read at a time, that are searched, and hits shown. */
const AT_A_TIME = 5000;
const SEARCHED = 200_000;
const HITS = 12;
const PART_OF_BDF = /^[0-9a-f]{2}:[0-9a-f:.]*$/i;

/** One field for places, actions and panels (`F2`). */
export function JumpBox(): ReactNode {
  const workbench = useWorkbench();
  const { palette, actions } = workbench;
  const { open, text } = useStore(palette);
  const [at, setAt] = useState(0);
  const input = useRef<HTMLInputElement>(null);
  const opener = useRef<Element | null>(null);
  const listId = useId();
  const { rows, settled } = useRows(open, text);
  /** Enter was pressed before the places of this text were there. */
  const early = useRef<{ readonly text: string; readonly beside: boolean }>(undefined);

  useEffect(() => {
    if (!open || document.activeElement === input.current) return;
    opener.current = document.activeElement;
    input.current?.focus();
    input.current?.select();
  }, [open]);
  if (useChanged(text)) setAt(0);

  const close = (): void => {
    palette.set({ open: false, text: '' });
    if (opener.current instanceof HTMLElement && opener.current.isConnected) opener.current.focus();
    else input.current?.blur();
  };
  const choose = (row: JumpRow | undefined, beside: boolean): void => {
    if (!row) return;
    close();
    if (row.run.kind === 'action') actions.run(row.run.action);
    else
      goTo(workbench, row.run.target, { panel: row.run.panel, focus: true, beside, from: 'jump' });
  };
  useEffect(() => {
    const wanted = early.current;
    if (!wanted || !settled) return;
    early.current = undefined;
    if (wanted.text === text) choose(rows[0], wanted.beside);
  });
  const onKeyDown = (event: KeyboardEvent): void => {
    const stroke = strokeOf(event);
    if (stroke === 'Down') setAt((old) => Math.min(rows.length - 1, old + 1));
    else if (stroke === 'Up') setAt((old) => Math.max(0, old - 1));
    else if (stroke === 'Enter' || stroke === 'Shift+Enter') {
      const beside = stroke === 'Shift+Enter';
      if (settled) choose(rows[at], beside);
      else early.current = { text, beside };
    } else if (stroke === 'Esc') close();
    else return;
    event.preventDefault();
    event.stopPropagation();
  };

  const shown = open && (text !== '' || rows.length > 0);
  return (
    <div className="jump">
      <input
        ref={input}
        role="combobox"
        aria-label="Jump"
        aria-expanded={shown}
        aria-controls={listId}
        aria-activedescendant={shown && rows.length > 0 ? `${listId}-${at}` : undefined}
        aria-autocomplete="list"
        autoComplete="off"
        spellCheck={false}
        placeholder="Jump to a BDF, address or register; > runs a command"
        value={text}
        onFocus={(event) => {
          if (open) return;
          opener.current = event.relatedTarget;
          palette.set({ open: true, text: '' });
        }}
        onBlur={() => palette.set({ open: false, text: '' })}
        onChange={(event) => palette.set({ open: true, text: event.target.value })}
        onKeyDown={onKeyDown}
      />
      {!open && <ActionKeys action="palette.open" />}
      <div
        id={listId}
        className={shown ? 'popover jump-list' : ''}
        role="listbox"
        aria-label="Places and actions"
      >
        {shown &&
          rows.map((row, index) => (
            <div
              key={row.id}
              id={`${listId}-${index}`}
              className="jump-row"
              role="option"
              aria-selected={index === at}
              tabIndex={-1}
              onMouseDown={(event) => {
                event.preventDefault();
                choose(row, event.shiftKey);
              }}
            >
              <span className="muted" aria-hidden="true">
                {{ place: '→', action: '>', panel: '▤' }[row.glyph]}
              </span>
              <span className={`label ${row.glyph === 'place' ? 'mono' : ''}`}>{row.label}</span>
              <span className="detail">{row.detail}</span>
              {row.keys !== undefined && <Keys keys={row.keys} />}
            </div>
          ))}
        {shown && rows.length === 0 && (
          <div className="jump-none" role="option" aria-selected="false" aria-disabled="true">
            {nothingMatches(text)}
          </div>
        )}
      </div>
    </div>
  );
}

interface Found {
  readonly rows: readonly JumpRow[];
  /** The engine has answered for this text. */
  readonly settled: boolean;
}

/** Places from the engine, then actions and panels. */
function useRows(open: boolean, text: string): Found {
  const { actions, engine, session } = useWorkbench();
  const [found, setFound] = useState<{
    readonly text: string;
    readonly rows: readonly JumpRow[];
  }>();
  const { mode, query } = readJump(text);

  useEffect(() => {
    if (!open || !asksFor(mode, query)) return;
    const abort = new AbortController();
    const console = session.info.get()?.consoles[0];
    const ask =
      mode === 'console'
        ? console
          ? findLines(engine, console, query, abort.signal)
          : Promise.resolve([])
        : Promise.all([
            query === '' ? { places: [] } : engine.call('jump', { text: query }, abort.signal),
            mode === 'devices' || PART_OF_BDF.test(query)
              ? engine.call('devices.list', {}, abort.signal)
              : { devices: [] },
          ]).then(([{ places: named }, { devices }]) => placesOf(named, devices, query, mode));
    ask.then(
      (rows) => setFound({ text: mode + query, rows }),
      () => setFound({ text: mode + query, rows: [] }),
    );
    return () => abort.abort();
  }, [engine, session, open, mode, query]);

  if (!open) return { rows: [], settled: true };
  const asks = asksFor(mode, query);
  const places = found?.text === mode + query ? found.rows : [];
  const actionRows =
    mode === 'all' || mode === 'actions' ? findActions(actions.list(), query, mode) : [];
  return { rows: [...places, ...actionRows], settled: !asks || found?.text === mode + query };
}

/** Whether the engine is asked: for places of a text, and for all devices. */
function asksFor(mode: JumpMode, query: string): boolean {
  return mode === 'devices' || (query !== '' && mode !== 'actions');
}

/** The first lines of a console that hold a text, wherever they stand in it. */
async function findLines(
  engine: EngineApi,
  { id, lines: total }: ConsoleInfo,
  query: string,
  signal: AbortSignal,
): Promise<readonly JumpRow[]> {
  const low = query.toLowerCase();
  const rows: JumpRow[] = [];
  for (let from = 1; from <= Math.min(total, SEARCHED); from += AT_A_TIME) {
    const answer = await engine.call(
      'console.lines',
      { console: id, from, to: from + AT_A_TIME },
      signal,
    );
    for (const { line, text } of answer.lines)
      if (text.toLowerCase().includes(low))
        rows.push(placeRow(`L${line}`, text, 'console', `L${line}`));
    if (rows.length >= HITS) break;
  }
  return rows.slice(0, HITS);
}

/** The engine's places, then devices of which only a part was typed. */
function placesOf(
  named: CallAnswer<'jump'>['places'],
  devices: readonly DeviceItem[],
  query: string,
  mode: JumpMode,
): readonly JumpRow[] {
  const rows = named
    .filter((place) => mode !== 'devices' || place.kind === 'device')
    .map((place) => placeRow(place.target, place.label, place.panel, place.detail));
  const low = query.toLowerCase();
  for (const { path, bdf, driver, unit, translation } of devices) {
    if (rows.length >= HITS) break;
    if (!bdf.includes(low) && !driver?.includes(low)) continue;
    if (rows.some(({ run }) => run.kind === 'place' && run.target === path)) continue;
    const detail = [driver, unit, translation].filter(Boolean).join(' · ');
    rows.push(placeRow(path, bdf, 'tables', detail));
  }
  return rows;
}

function placeRow(target: string, label: string, panel: string, detail: string): JumpRow {
  return {
    id: `${panel} ${target}`,
    label,
    detail: detail === '' ? panel : detail,
    glyph: 'place',
    run: { kind: 'place', target, panel },
  };
}
