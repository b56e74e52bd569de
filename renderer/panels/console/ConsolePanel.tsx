import type { KeyboardEvent, ReactNode } from 'react';
import { useCallback, useEffect, useMemo, useRef, useState } from 'react';
import type { ConsoleInfo, LineMark } from '../../../core/protocol/contract.ts';
import { asFailure } from '../../engine/failure.ts';
import { attempt } from '../../shell/actions.ts';
import { useWorkbench } from '../../state/context.ts';
import type { Selection } from '../../state/selection.ts';
import { useStore } from '../../state/store.ts';
import { copyText } from '../../ui/clipboard.ts';
import { useKeyWords } from '../../ui/Keys.tsx';
import { Empty, Panel, usePanelId } from '../../ui/Panel.tsx';
import { EMPTY, READ_ONLY_SOURCE, typedReadOnly } from '../../wording.ts';
import { Announcer } from './announcer.ts';
import { asJson, withComments } from './copy.ts';
import { consoleOf } from '../registry.ts';
import { ConsoleBar } from './ConsoleBar.tsx';
import { latin1OfText } from './latin1.ts';
import type { TimeMode } from './record.ts';
import { keepPlace, keptPlace, madeNow } from './place.ts';
import type { Place } from './terminal.ts';
import { ConsoleTerminal } from './terminal.ts';
import { consoleKey } from './terminal-keys.ts';
import { notesByLine } from '../notes/pins.ts';
import './console.css';

/** Reads and drives one console, with its decoded lines marked. */
export function ConsolePanel({ visible }: { readonly visible: boolean }): ReactNode {
  const { session, link } = useWorkbench();
  const id = usePanelId();
  const epoch = useStore(link, (state) => state.epoch);
  const info = useStore(session.info);
  const consoles = info?.consoles ?? [];
  const wanted = consoleOf(id);
  const shown = consoles.find((each) => each.id === wanted) ?? consoles[0];
  if (!shown)
    return (
      <Panel>
        {visible && (
          <Empty text={EMPTY.console} action="target.connect" button="Connect to a console…" />
        )}
      </Panel>
    );
  // A terminal lives as long as its console and the engine that feeds it; each session counts its
  // consoles from the same number.
  return (
    <OneConsole
      key={`${info?.id ?? ''} ${shown.id} ${epoch}`}
      info={shown}
      list={`console ${info?.id ?? ''} ${shown.id}`}
      visible={visible}
      first={shown === consoles[0]}
    />
  );
}

function OneConsole({
  info,
  list,
  visible,
  first,
}: {
  readonly info: ConsoleInfo;
  /** Where its place is kept. */
  readonly list: string;
  readonly visible: boolean;
  readonly first: boolean;
}): ReactNode {
  const workbench = useWorkbench();
  const { engine, selection, view, notes, notices, dock, writes } = workbench;
  const armed = useStore(writes.armed, (state) => state?.console === info.id);
  const panel = usePanelId();
  const gutter = useRef<HTMLDivElement>(null);
  const screen = useRef<HTMLDivElement>(null);
  const counts = useRef<HTMLDivElement>(null);
  const said = useRef<HTMLDivElement>(null);
  /** What comes now is said by a target just now. */
  const live = useRef(false);
  /** And somebody sees it: the record of before is not read out. */
  const seen = useRef(false);
  /** It stands where it stood, and nobody chose anything since. */
  const quiet = useRef(false);
  const ruler = useRef<HTMLCanvasElement>(null);
  const body = useRef<HTMLDivElement>(null);
  const find = useRef<HTMLInputElement>(null);
  const [terminal, setTerminal] = useState<ConsoleTerminal>();
  const [mode, setMode] = useState<TimeMode>('kernel');
  const arms = useKeyWords('target.arm');
  const [readOnlyHint, setReadOnlyHint] = useState(false);
  const [fold, setFold] = useState(true);
  const theme = useStore(view.theme);
  const { id, canWrite } = info;

  useEffect(() => {
    if (!gutter.current || !screen.current || !counts.current || !ruler.current) return;
    const announcer = new Announcer((text) => {
      if (said.current) said.current.textContent = text;
    });
    const place = keptPlace(view, list, selection.current);
    quiet.current = place !== undefined;
    const hosts = {
      gutter: gutter.current,
      screen: screen.current,
      counts: counts.current,
      heard: (data: string, marked: number) => {
        if (seen.current) announcer.take(data, marked);
      },
      placed: (now: Place) => keepPlace(view, list, now, selection.current),
      ruler: ruler.current,
    };
    const made = new ConsoleTerminal(engine, id, hosts, place ?? 'end');
    setTerminal(made);
    return () => {
      announcer.stop();
      made.dispose();
      setTerminal(undefined);
    };
  }, [engine, id, view, list, selection]);

  useEffect(() => {
    const element = body.current;
    if (!terminal || !element) return;
    const fit = (): void => {
      if (element.clientWidth > 0) terminal.fit(element.clientWidth, element.clientHeight);
    };
    fit();
    let gone = false;
    const loaded = (): void => {
      if (gone) return;
      terminal.fontLoaded();
      fit();
    };
    void document.fonts.load('12px "JetBrains Mono"').then(loaded, loaded);
    const observer = new ResizeObserver(fit);
    observer.observe(element);
    return () => {
      gone = true;
      observer.disconnect();
    };
  }, [terminal]);

  useEffect(() => {
    live.current = info.state === 'live' && info.replay === undefined;
    seen.current = visible && live.current;
  }, [visible, info]);
  useEffect(() => terminal?.grown(info.lines), [terminal, info.lines]);
  const emptied = useRef(info.emptied);
  useEffect(() => {
    if (emptied.current === info.emptied) return;
    emptied.current = info.emptied;
    terminal?.emptied();
  }, [terminal, info.emptied]);
  useEffect(() => terminal?.recolour(theme), [terminal, theme]);
  useEffect(() => terminal?.setTimeMode(mode), [terminal, mode]);
  useEffect(() => terminal?.setFold(fold), [terminal, fold]);
  const pinned = useStore(notes.state, ({ notes: list }) => list);
  useEffect(() => terminal?.setNotes(notesByLine(pinned, id)), [terminal, pinned, id]);

  // The selection leads to its line.
  useEffect(() => {
    if (!terminal) return;
    const lineIn = ({ line, console }: Selection): number | undefined =>
      view.linked(panel) && (console === undefined ? first : console === id) ? line : undefined;
    const follow = (): void => {
      const { current } = selection;
      const line = lineIn(current);
      if (madeNow(current)) quiet.current = false;
      if (line === undefined || current.from === 'console') return;
      // What comes from a target stays in view: a new fault of it is at the end.
      const newest = live.current && (terminal.isNew(line) || !madeNow(current));
      if (quiet.current || (newest && terminal.state.get().follow)) terminal.setCurrent(line);
      else terminal.reveal(line);
    };
    // A console that is opened later shows the line that was selected last.
    const last = selection.last((each) => (each.line === undefined ? undefined : each));
    const line = last && lineIn(last);
    if (line !== undefined && quiet.current) terminal.setCurrent(line);
    else if (line !== undefined) terminal.reveal(line);
    return selection.store.subscribe(follow);
  }, [terminal, selection, view, panel, first, id]);

  // What is typed goes to the target only where that was allowed.
  useEffect(() => {
    if (!terminal) return;
    const typing = terminal.terminal.onData((data) => {
      if (!canWrite) return setReadOnlyHint(true);
      engine
        .call('console.write', { console: id, data: latin1OfText(data) })
        .catch((error: unknown) => notices.fail(asFailure(error)));
    });
    terminal.terminal.attachCustomKeyEventHandler(
      (event) =>
        !consoleKey(event, terminal.terminal, notices, (pages) => terminal.scrollPages(pages)) &&
        canWrite,
    );
    return () => typing.dispose();
  }, [terminal, engine, id, canWrite, notices]);

  // Writes were armed while the console had the focus: what is typed next is for the target.
  useEffect(() => {
    if (canWrite && document.activeElement === body.current) terminal?.terminal.focus();
  }, [canWrite, terminal]);

  const pick = useCallback(
    (line: number) => {
      if (!terminal) return;
      terminal.setCurrent(line);
      const publish = (mark: LineMark | undefined): void => {
        if (terminal.state.get().line === line)
          selection.publish({ line, console: id, fault: mark?.fault, from: 'console' });
      };
      if (terminal.record.has(line)) return publish(terminal.record.marks.get(line));
      attempt(
        workbench,
        engine.call('console.lines', { console: id, from: line, to: line + 1 }),
        ({ lines }) => publish(lines[0]?.mark),
      );
    },
    [terminal, selection, id, engine, workbench],
  );
  const own = useMemo(
    () => ({
      'panel.filter': () => {
        find.current?.focus();
        find.current?.select();
      },
      'panel.escape': () => dock.focus(panel),
      'copy.value': () => {
        const text = terminal?.terminal.getSelection() ?? '';
        if (text !== '') void copyText(text, notices);
      },
      'copy.as': () => {
        const lines = terminal && (terminal.selectedLines() ?? currentLine(terminal));
        if (lines) copyLines(workbench, id, lines);
      },
    }),
    [terminal, dock, panel, notices, workbench, id],
  );

  return (
    <Panel
      actions={own}
      focus={() => {
        if (canWrite) terminal?.terminal.focus();
        else body.current?.focus();
        return terminal !== undefined;
      }}
      bar={
        terminal && (
          <ConsoleBar
            info={info}
            terminal={terminal}
            mode={mode}
            onMode={setMode}
            fold={fold}
            onFold={setFold}
            find={find}
          />
        )
      }
      partial={
        readOnlyHint && !canWrite ? (
          <>
            <span>{info.canArm ? typedReadOnly(arms) : READ_ONLY_SOURCE}</span>
            <button type="button" className="btn push" onClick={() => setReadOnlyHint(false)}>
              Dismiss
            </button>
          </>
        ) : undefined
      }
    >
      <div
        ref={body}
        className={`console inset-focus ${armed ? 'is-armed' : ''}`}
        role="log"
        aria-label={`Console ${info.name}`}
        aria-live="off"
        tabIndex={0}
        data-keys={canWrite ? 'text' : 'plain'}
        onKeyDown={(event) => {
          if (canWrite || !terminal) return;
          const scroll = (pages: number): void => terminal.scrollPages(pages);
          if (consoleKey(event.nativeEvent, terminal.terminal, notices, scroll)) return;
          if (info.canArm && typed(event)) setReadOnlyHint(true);
          scrollKey(event, terminal, pick);
        }}
        onFocus={(event) => {
          if (canWrite && event.target === event.currentTarget) terminal?.terminal.focus();
        }}
        onMouseUp={(event) => {
          if (event.button !== 0 || terminal?.terminal.hasSelection()) return;
          const top = body.current?.getBoundingClientRect().top ?? 0;
          const line = terminal?.lineAtHeight(event.clientY - top);
          if (line !== undefined && event.target !== ruler.current) pick(line);
        }}
      >
        <div ref={gutter} className="console-gutter" />
        <div ref={screen} className="console-screen" />
        <div ref={counts} className="console-counts" />
        <div ref={said} className="visually-hidden" aria-live="polite" />
        <canvas
          ref={ruler}
          className="console-ruler"
          aria-hidden="true"
          onPointerDown={(event) => {
            event.currentTarget.setPointerCapture(event.pointerId);
            terminal?.scrollToPart(event.nativeEvent.offsetY / event.currentTarget.clientHeight);
          }}
          onPointerMove={(event) => {
            if (event.buttons === 1)
              terminal?.scrollToPart(event.nativeEvent.offsetY / event.currentTarget.clientHeight);
          }}
        />
      </div>
    </Panel>
  );
}

function currentLine(terminal: ConsoleTerminal): { from: number; to: number } | undefined {
  const { line } = terminal.state.get();
  return line === undefined ? undefined : { from: line, to: line };
}

/** Lines of one copy: more are saved as a log file. */
const MOST_COPIED = 4096;

/** Asks in which form lines are copied: plain, with their decoded meaning, or as JSON. */
function copyLines(
  workbench: ReturnType<typeof useWorkbench>,
  console: string,
  { from, to }: { readonly from: number; readonly to: number },
): void {
  const { engine, menu, notices } = workbench;
  const form = (title: string, make: (lines: Parameters<typeof asJson>[0]) => string) => ({
    title,
    run: () =>
      attempt(
        workbench,
        engine.call('console.lines', { console, from, to: Math.min(to, from + MOST_COPIED) + 1 }),
        ({ lines }) => void copyText(make(lines), notices),
      ),
  });
  const name = from === to ? `line ${from}` : `lines ${from} to ${to}`;
  menu.set({
    label: `Copy ${name}`,
    at: { x: innerWidth / 3, y: innerHeight / 3 },
    items: [
      form(`Copy ${name}`, (lines) => lines.map(({ text }) => text).join('\n')),
      form(`Copy ${name} with decoded comments`, withComments),
      form(`Copy ${name} as JSON`, asJson),
    ],
  });
}

/** Whether a key would have been something to send. */
function typed({ key, ctrlKey, altKey, metaKey }: KeyboardEvent): boolean {
  return !ctrlKey && !altKey && !metaKey && (key.length === 1 || key === 'Enter');
}

/** In a console that can't be typed into, arrows move by lines. */
function scrollKey(
  event: KeyboardEvent,
  view: ConsoleTerminal,
  pick: (line: number) => void,
): void {
  const { terminal } = view;
  const { line = view.lastShown, lines } = view.state.get();
  const to = (next: number): void => {
    const target = Math.max(1, Math.min(lines, next));
    view.reveal(target);
    pick(target);
  };
  if (event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) return;
  if (event.key === 'ArrowUp') to(line - 1);
  else if (event.key === 'ArrowDown') to(line + 1);
  else if (event.key === 'PageUp') to(line - terminal.rows + 1);
  else if (event.key === 'PageDown') to(line + terminal.rows - 1);
  else if (event.key === 'Home') to(1);
  else if (event.key === 'End') view.follow();
  else return;
  event.preventDefault();
  event.stopPropagation();
}
