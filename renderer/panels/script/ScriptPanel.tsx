import type { ReactNode } from 'react';
import { Suspense, lazy, useEffect, useMemo, useRef, useState } from 'react';
import { useCall } from '../../engine/useCall.ts';
import { useWorkbench } from '../../state/context.ts';
import { useStore } from '../../state/store.ts';
import { copyText } from '../../ui/clipboard.ts';
import { ActionKeys } from '../../ui/Keys.tsx';
import { MenuButton } from '../../ui/MenuButton.tsx';
import { Panel } from '../../ui/Panel.tsx';
import type { EditorHandle } from './Editor.tsx';
import { Output } from './Output.tsx';
import type { OutputItem } from './output.ts';
import { doneText } from './output.ts';
import { Repl } from './Repl.tsx';
import './script.css';

/** Monaco comes only when the panel is first seen. */
const Editor = lazy(() => import('./Editor.tsx'));

const REMEMBER_AFTER = 500;

/** Writes and runs scripts against the contract. */
export function ScriptPanel({ visible }: { readonly visible: boolean }): ReactNode {
  const { view, notices, script: runner } = useWorkbench();
  const { source, output, running, history } = useStore(runner.state);
  const [seen, setSeen] = useState(visible);
  const [edits, setEdits] = useState(false);
  if (visible && !seen) setSeen(true);
  const types = useCall('script.types', seen ? {} : undefined, false);
  const samples = useCall('script.samples', seen ? {} : undefined, false);
  const editor = useRef<EditorHandle>(null);

  // The first script is a sample: an empty page teaches nothing.
  const first = samples.value?.scripts[0]?.source;
  useEffect(() => {
    if (first === undefined || runner.state.get().source !== '') return;
    runner.setSource(view.panel('script', { source: '' }).source || first);
  }, [runner, view, first]);
  useEffect(() => {
    if (source === '') return;
    const timer = setTimeout(() => view.remember('script', { source }), REMEMBER_AFTER);
    return () => clearTimeout(timer);
  }, [view, source]);

  const own = useMemo(
    () => ({
      'copy.value': () => {
        const text = copied();
        if (text !== undefined) void copyText(text, notices);
      },
      'panel.filter': () => editor.current?.focus(),
    }),
    [notices],
  );
  const last = output.findLast((item) => item.kind === 'table');
  const table = useMemo(
    () =>
      last && {
        name: 'Script output',
        read: () => ({ name: 'Script output', columns: last.columns, rows: last.rows }),
      },
    [last],
  );
  if (!seen) return null;
  return (
    <Panel
      actions={own}
      table={table}
      failure={types.failure}
      focus={() => {
        editor.current?.focus();
        return edits;
      }}
      bar={
        <>
          <button
            type="button"
            className="btn btn-primary"
            disabled={running !== undefined}
            onClick={() => runner.run(source, false)}
          >
            Run <ActionKeys action="script.run" />
          </button>
          {running ? (
            <Running since={running.since} onStop={() => runner.stop()} />
          ) : (
            <span className="muted" role="status">
              {idleWords(output)}
            </span>
          )}
          <span className="muted shrink">
            Scripts read the session and change it here; nothing of them reaches a target.
          </span>
          <span className="push" />
          {samples.value && (
            <MenuButton
              label="Samples"
              items={() =>
                (samples.value?.scripts ?? []).map((sample) => ({
                  title: sample.name,
                  run: () => runner.setSource(sample.source),
                }))
              }
            >
              Samples ▾
            </MenuButton>
          )}
          <button type="button" className="btn" onClick={() => runner.clear()}>
            Clear output
          </button>
        </>
      }
    >
      <div className="script">
        <div className="script-editor" data-keys="text">
          {types.value && (
            <Suspense fallback={<p className="section muted">Reading the editor…</p>}>
              <Editor
                ref={editor}
                source={source}
                onReady={() => setEdits(true)}
                declarations={types.value.declarations}
                onChange={(text) => runner.setSource(text)}
                onRun={(text) => runner.run(text, false)}
                onRunLine={(text) => runner.run(text, true)}
                onStop={() => runner.stop()}
              />
            </Suspense>
          )}
        </div>
        <div className="script-side">
          <Output items={output} onLine={(line, column) => editor.current?.goTo(line, column)} />
          <Repl
            history={history}
            disabled={running !== undefined}
            onRun={(line) => runner.run(line, true)}
          />
        </div>
      </div>
    </Panel>
  );
}

/** How the last run ended; `idle` before there was one. */
function idleWords(output: readonly OutputItem[]): string {
  const done = output.findLast((item) => item.kind === 'done');
  return done ? doneText(done.state, done.seconds) : 'idle';
}

/** What is selected in the output, else the cell that has the focus. */
function copied(): string | undefined {
  const selected = globalThis.getSelection()?.toString() ?? '';
  if (selected !== '') return selected;
  const cell = document.activeElement?.closest<HTMLElement>('[data-cell]');
  return cell?.dataset.cell;
}

function Running({
  since,
  onStop,
}: {
  readonly since: number;
  readonly onStop: () => void;
}): ReactNode {
  const [now, setNow] = useState(since);
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 250);
    return () => clearInterval(timer);
  }, []);
  return (
    <>
      <span className="mono" role="status">
        running {Math.max(0, (now - since) / 1000).toFixed(1)} s
      </span>
      <button type="button" className="btn" onClick={onStop}>
        Stop <ActionKeys action="script.stop" />
      </button>
    </>
  );
}
