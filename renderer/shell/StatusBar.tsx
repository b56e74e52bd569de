import type { ReactNode } from 'react';
import { useEffect, useRef, useState } from 'react';
import type { ConsoleInfo, SessionInfo } from '../../core/protocol/contract.ts';
import { exactBytes, formatCount, formatSize } from '../../core/format/size.ts';
import { idTip } from '../format/bdf.ts';
import { useWorkbench } from '../state/context.ts';
import { selectionText } from '../state/selection.ts';
import { useCalmStore } from '../state/paced.ts';
import { useStore } from '../state/store.ts';
import { Glyph } from '../ui/Glyph.tsx';
import { useRoving } from '../ui/useRoving.ts';
import { heapOf } from './heap.ts';
import { canLog } from './drive.ts';
import { JobItems } from './JobItems.tsx';
import './statusbar.css';

/** How often the heap is looked at, ms. */
const HEAP_EVERY = 2000;

/** Connection, units, counts, jobs; selection, heap, theme. Every item runs an action. */
export function StatusBar(): ReactNode {
  const { actions, session, selection, view } = useWorkbench();
  const info = useCalmStore(session.info);
  const selected = useCalmStore(selection.store);
  const theme = useStore(view.theme);
  const heap = useHeap();
  const root = useRef<HTMLElement>(null);
  useRoving(root, 'horizontal');
  const text = selectionText(selected);
  return (
    <footer ref={root} className="statusbar" aria-label="Status">
      {info && !info.empty && <SessionItems info={info} />}
      <JobItems />
      <span className="push" />
      {info && !info.empty && text !== '' && (
        <button
          type="button"
          className="mono status-selection"
          aria-label={`Selection ${text}`}
          title={[text, selected.bdf && idTip(selected.bdf, info.units)]
            .filter(Boolean)
            .join(' · ')}
          onClick={() => actions.run('selection.showIn')}
        >
          {text}
        </button>
      )}
      {info && <LogItem info={info} />}
      {heap !== '' && (
        <button
          type="button"
          className="status-heap"
          title={`Heap of this window: ${heap}`}
          onClick={() => actions.run('view.memory')}
        >
          <span className="status-word">Heap </span>
          {heap}
        </button>
      )}
      <button
        type="button"
        aria-label={`Theme: ${theme}. Switch`}
        onClick={() => actions.run('view.theme')}
      >
        ◐ <span className="status-word">Theme</span>
      </button>
    </footer>
  );
}

/** Whether a console is written to a file: `Log: off`, `Log: target.log 1.2 MiB`. */
function LogItem({ info }: { readonly info: SessionInfo }): ReactNode {
  const { actions } = useWorkbench();
  const logged = info.consoles.find(({ log }) => log !== undefined)?.log;
  if (!logged && !info.consoles.some(canLog)) return null;
  return (
    <button
      type="button"
      title={logged?.failed ?? (logged && `${logged.path}, ${exactBytes(logged.bytes)}`)}
      onClick={() => actions.run('target.log')}
    >
      {logged?.failed !== undefined && <Glyph kind="error" name="logging stopped" />}
      Log: {logged ? `${logged.name} ${formatSize(logged.bytes)}` : 'off'}
    </button>
  );
}

function SessionItems({ info }: { readonly info: SessionInfo }): ReactNode {
  const { actions, dock, link } = useWorkbench();
  const { state } = useStore(link);
  const console = info.consoles[0];
  const { faults, changes } = info.counts;
  // The audit's hits hold what the decoders found; until it has looked there is only that.
  const { audit, auditWorst } = info.counts;
  const findings = audit ?? info.counts.findings;
  const worst = (audit === undefined ? info.worstFinding : auditWorst) ?? 'note';
  return (
    <>
      <button
        type="button"
        className="status-gives"
        title={state === 'open' ? connectionText(console) : undefined}
        onClick={() => actions.run('go.console')}
      >
        <Glyph kind={state === 'open' ? connectionGlyph(console) : 'error'} name="" />
        <span>{state === 'open' ? connectionText(console) : 'engine stopped'}</span>
      </button>
      {info.units.length > 0 && (
        <button
          type="button"
          className="status-gives"
          title={unitsText(info)}
          onClick={() => actions.run('go.tables')}
        >
          <span>{unitsText(info)}</span>
        </button>
      )}
      <button type="button" onClick={() => actions.run('go.faults')}>
        <Glyph kind={faults > 0 ? 'error' : 'ok'} name="" />
        {formatCount(faults)} {faults === 1 ? 'fault' : 'faults'}
      </button>
      <button
        type="button"
        onClick={() => actions.run(audit === undefined ? 'go.tables' : 'go.audit')}
      >
        <Glyph kind={findings > 0 ? worst : audit === undefined ? 'unknown' : 'ok'} name="" />
        {formatCount(findings)} {findings === 1 ? 'finding' : 'findings'}
      </button>
      {changes > 0 && (
        <button type="button" className="diff" onClick={() => dock.open('entry')}>
          Δ {formatCount(changes)} {changes === 1 ? 'change' : 'changes'}
        </button>
      )}
    </>
  );
}

function connectionGlyph(console: ConsoleInfo | undefined): 'ok' | 'unknown' | 'error' {
  if (!console || console.state === 'connecting') return 'unknown';
  return console.state === 'failed' ? 'error' : 'ok';
}

function connectionText(console: ConsoleInfo | undefined): string {
  if (!console) return 'no console';
  if (!console.replay) return console.status;
  return `Replay ${console.replay.position.toFixed(1)} s`;
}

/** `dmar0 · VT-d legacy`, `dmar0–3 · VT-d legacy`. */
function unitsText(info: SessionInfo): string {
  const vendor = { intel: 'VT-d', amd: 'AMD-Vi' };
  const modes = [
    ...new Set(
      info.units.map(({ vendor: of, mode }) =>
        mode === vendor[of] ? mode : `${vendor[of]} ${mode}`,
      ),
    ),
  ];
  const names = info.units.map((unit) => unit.name);
  const shown = names.length > 3 ? `${names[0]}… ${names.length} units` : names.join(', ');
  return `${shown} · ${modes.join(', ')}`;
}

/** The window's own heap, where the browser tells it. */
function useHeap(): string {
  const [heap, setHeap] = useState('');
  useEffect(() => {
    const look = (): void => {
      const now = heapOf();
      if (now) setHeap(formatSize(Math.round(now.used / (1 << 20)) * (1 << 20)));
    };
    look();
    const timer = setInterval(look, HEAP_EVERY);
    return () => clearInterval(timer);
  }, []);
  return heap;
}
