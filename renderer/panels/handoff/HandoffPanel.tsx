import type { ReactNode } from 'react';
import { useEffect, useMemo, useRef, useState } from 'react';
import type { CallAnswer } from '../../../core/protocol/contract.ts';
import { useCall } from '../../engine/useCall.ts';
import { strokeIn } from '../../keymap.ts';
import { useWorkbench } from '../../state/context.ts';
import { useStore } from '../../state/store.ts';
import { copyText } from '../../ui/clipboard.ts';
import { ErrorBlock } from '../../ui/ErrorBlock.tsx';
import { Glyph } from '../../ui/Glyph.tsx';
import { Panel } from '../../ui/Panel.tsx';
import { SIMULATED } from '../../wording.ts';
import { matrixTable, storyForms, storyMarkdown } from './copy.ts';
import type { Cell } from './lab.ts';
import { OUTCOME_GLYPH, cellKey, labWords, outcomeWords } from './model.ts';
import { Stepper } from './Stepper.tsx';
import './handoff.css';

type Lab = CallAnswer<'handoff.list'>;
/** Compares hand-off strategies before a machine is touched. */
export function HandoffPanel(): ReactNode {
  const { lab: model, notices } = useWorkbench();
  const lab = useCall('handoff.list', {}, false);
  const { cells, current, seed, running } = useStore(model.state);
  const [stepping, setStepping] = useState(0);
  const body = useRef<HTMLDivElement>(null);
  /** Opens a cell's run and goes on to its steps, which the arrow keys play. */
  const open = (strategy: string, scenario: string): void =>
    void model.open(strategy, scenario).then(() => setStepping((old) => old + 1));
  useEffect(() => {
    if (stepping > 0) body.current?.querySelector<HTMLElement>('.stepper-main')?.focus();
  }, [stepping]);
  const runAll = (): void => {
    const { strategies = [], scenarios = [] } = lab.value ?? {};
    void model.runAll(
      strategies.map(({ id }) => id),
      scenarios.map(({ id }) => id),
    );
  };

  const done = [...cells.values()].filter(({ state }) => state === 'done').length;
  const all = (lab.value?.strategies.length ?? 0) * (lab.value?.scenarios.length ?? 0);
  const shown = current === undefined ? undefined : cells.get(current);
  const story = shown?.state === 'done' ? shown.story : undefined;
  const actions = useMemo(
    () => ({
      'copy.value': story && (() => void copyText(storyMarkdown(story), notices)),
      'panel.escape': () =>
        body.current
          ?.querySelector<HTMLElement>('.matrix .is-current button, .matrix [data-first-focus]')
          ?.focus(),
    }),
    [story, notices],
  );
  return (
    <Panel
      loading={lab.state === 'loading'}
      failure={lab.failure}
      actions={actions}
      table={
        lab.value && {
          name: 'Hand-off strategies',
          forms: () => (story ? storyForms(story) : []),
          read: () => matrixTable(lab.value!.strategies, lab.value!.scenarios, cells),
        }
      }
      bar={
        lab.value && (
          <>
            <label className="second handoff-seed">
              Seed{' '}
              <input
                className="field"
                inputMode="numeric"
                value={seed}
                title="The same seed gives the same run"
                onChange={(event) => model.setSeed(Number(event.target.value))}
              />
            </label>
            <span className="muted push shrink" role="status">
              {labWords(done, all, running)} · <b>{SIMULATED}</b>
            </span>
            {running ? (
              <button type="button" className="btn" onClick={() => model.stop()}>
                Stop
              </button>
            ) : (
              <button type="button" className="btn" onClick={runAll}>
                {done === 0 ? 'Run all' : done < all ? 'Continue' : 'Run again'}
              </button>
            )}
          </>
        )
      }
    >
      <div className="handoff" ref={body}>
        {lab.value && <Matrix lab={lab.value} cells={cells} current={current} onOpen={open} />}
        {shown?.state === 'failed' && <ErrorBlock failure={shown.failure} />}
        {shown?.state === 'done' && lab.value ? (
          <Stepper
            key={`${current} ${shown.story.seed}`}
            story={shown.story}
            lab={lab.value}
            onTry={(strategy) => open(strategy, shown.story.scenario)}
          />
        ) : (
          lab.value && (
            <p className="empty-state">
              Pick a cell and press Enter: the machine plays the hand-off, and each step can be
              looked at. Nothing of it touches a target.
            </p>
          )
        )}
      </div>
    </Panel>
  );
}

function Matrix({
  lab,
  cells,
  current,
  onOpen,
}: {
  readonly lab: Lab;
  readonly cells: ReadonlyMap<string, Cell>;
  readonly current: string | undefined;
  readonly onOpen: (strategy: string, scenario: string) => void;
}): ReactNode {
  const [at, setAt] = useState({ row: 0, column: 0 });
  const table = useRef<HTMLTableElement>(null);

  const move = (rows: number, columns: number): void => {
    const row = clamp(at.row + rows, lab.strategies.length);
    const column = clamp(at.column + columns, lab.scenarios.length);
    setAt({ row, column });
    table.current?.querySelector<HTMLElement>(`[data-cell="${row} ${column}"]`)?.focus();
  };
  return (
    <div className="matrix">
      <table
        ref={table}
        role="grid"
        aria-label="Outcomes by strategy and scenario"
        onKeyDown={(event) => {
          const stroke = strokeIn(event, 'lists', 'trees');
          if (stroke === 'Up') move(-1, 0);
          else if (stroke === 'Down') move(1, 0);
          else if (stroke === 'Left') move(0, -1);
          else if (stroke === 'Right') move(0, 1);
          else return;
          event.preventDefault();
          event.stopPropagation();
        }}
      >
        <thead>
          <tr>
            <th scope="col">Strategy</th>
            {lab.scenarios.map((scenario) => (
              <th scope="col" key={scenario.id} title={`${scenario.text} (${scenario.source})`}>
                {scenario.title}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {lab.strategies.map((strategy, row) => (
            <tr key={strategy.id}>
              <th scope="row" title={`${strategy.text} (${strategy.source})`}>
                {strategy.title}
                <small>{strategy.text}</small>
              </th>
              {lab.scenarios.map((scenario, column) => {
                const key = cellKey(strategy.id, scenario.id);
                return (
                  <MatrixCell
                    key={key}
                    cell={cells.get(key)}
                    name={`${strategy.title}, ${scenario.title}`}
                    place={`${row} ${column}`}
                    current={key === current}
                    focusable={at.row === row && at.column === column}
                    onOpen={() => {
                      setAt({ row, column });
                      onOpen(strategy.id, scenario.id);
                    }}
                  />
                );
              })}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function MatrixCell({
  cell,
  name,
  place,
  current,
  focusable,
  onOpen,
}: {
  readonly cell: Cell | undefined;
  readonly name: string;
  readonly place: string;
  readonly current: boolean;
  readonly focusable: boolean;
  readonly onOpen: () => void;
}): ReactNode {
  const glyph = cell?.state === 'done' ? OUTCOME_GLYPH[cell.story.outcome] : 'unknown';
  const words =
    cell?.state === 'done'
      ? outcomeWords(cell.story)
      : cell?.state === 'failed'
        ? 'could not run'
        : cell?.state === 'running'
          ? 'running…'
          : 'not run';
  const damaged = cell?.state === 'done' && cell.story.outcome === 'dump damaged';
  return (
    <td
      className={`is-${glyph} ${damaged ? 'is-damaged' : ''} ${current ? 'is-current' : ''}`}
      role="gridcell"
      aria-selected={current}
    >
      <button
        type="button"
        className="inset-focus"
        data-cell={place}
        data-first-focus={focusable ? '' : undefined}
        tabIndex={focusable ? 0 : -1}
        aria-label={`${name}: ${words}`}
        onClick={onOpen}
      >
        {cell?.state === 'done' && <Glyph kind={glyph} name="" />}
        {words}
      </button>
    </td>
  );
}

const clamp = (value: number, count: number): number => Math.max(0, Math.min(count - 1, value));
