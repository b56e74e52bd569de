import type { KeyboardEvent, ReactNode } from 'react';
import { useEffect, useState } from 'react';
import type { CallAnswer, HandoffStep, HandoffStory } from '../../../core/protocol/contract.ts';
import { strokeIn } from '../../keymap.ts';
import { Glyph } from '../../ui/Glyph.tsx';
import { ActionKeys } from '../../ui/Keys.tsx';
import { Lanes } from './Lanes.tsx';
import { OUTCOME_GLYPH, changedRows, openingStep, outcomeWords } from './model.ts';

/** Play shows one step a second. */
const STEP_EVERY = 1000;

/** A run step by step: lanes, the steps around the current one, state, console. */
export function Stepper({
  story,
  lab,
  onTry,
}: {
  readonly story: HandoffStory;
  readonly lab: CallAnswer<'handoff.list'>;
  readonly onTry: (strategy: string) => void;
}): ReactNode {
  const { steps } = story;
  const [at, setAt] = useState(() => openingStep(steps));
  const [wanted, setWanted] = useState(false);
  const last = steps.length - 1;

  const playing = wanted && at < last;

  useEffect(() => {
    if (!playing) return;
    const timer = setInterval(() => setAt((old) => Math.min(last, old + 1)), STEP_EVERY);
    return () => clearInterval(timer);
  }, [playing, last]);

  /** Plays on from here; from the end, from the beginning. */
  const play = (): void => {
    if (!playing && at === last) setAt(0);
    setWanted(!playing);
  };
  const go = (to: number): void => setAt(Math.max(0, Math.min(last, to)));
  const onKeyDown = (event: KeyboardEvent): void => {
    const stroke = strokeIn(event, 'stepper');
    if (stroke === 'Left') go(at - 1);
    else if (stroke === 'Right') go(at + 1);
    else if (stroke === 'Home') go(0);
    else if (stroke === 'End') go(last);
    else if (stroke === 'Space') play();
    else return;
    event.preventDefault();
    event.stopPropagation();
  };

  const step = steps[at];
  if (!step) return <p className="empty-state">The run had no steps.</p>;
  const title = (list: readonly { id: string; title: string }[], id: string): string =>
    list.find((each) => each.id === id)?.title ?? id;
  return (
    <div className="stepper">
      <section
        className="stepper-main inset-focus"
        aria-label="Steps of the run"
        tabIndex={0}
        onKeyDown={onKeyDown}
      >
        <div className="bar">
          <b className="shrink">
            {title(lab.strategies, story.strategy)} × {title(lab.scenarios, story.scenario)}
          </b>
          <span className="push" />
          <button type="button" className="btn" aria-label="First step" onClick={() => go(0)}>
            |◀
          </button>
          <button
            type="button"
            className="btn"
            aria-label="Previous step"
            onClick={() => go(at - 1)}
          >
            ◀ <ActionKeys action="step.previous" />
          </button>
          <span className="mono">
            Step {at + 1} of {steps.length}
          </span>
          <button type="button" className="btn" aria-label="Next step" onClick={() => go(at + 1)}>
            ▶ <ActionKeys action="step.next" />
          </button>
          <button type="button" className="btn" aria-label="Last step" onClick={() => go(last)}>
            ▶|
          </button>
          <button type="button" className="btn" aria-pressed={playing} onClick={play}>
            {playing ? 'Pause' : 'Play'} <ActionKeys action="step.play" />
          </button>
        </div>
        <Lanes steps={steps} at={at} onStep={go} />
        <ol className="step-strip">
          {[at - 1, at, at + 1].map((index) => (
            <li key={index} className={index === at ? 'is-now' : ''}>
              {steps[index] && (
                <>
                  {index === at ? <b>{index + 1}</b> : <span className="muted">{index + 1}</span>}{' '}
                  {steps[index].title}
                </>
              )}
            </li>
          ))}
        </ol>
        <Console story={story} step={step} />
      </section>
      <StatePane story={story} step={step} before={steps[at - 1]} lab={lab} onTry={onTry} />
    </div>
  );
}

/** Brings what was just mounted into view. */
function toView(element: HTMLElement | null): void {
  element?.scrollIntoView({ block: 'nearest' });
}

function Console({
  story,
  step,
}: {
  readonly story: HandoffStory;
  readonly step: HandoffStep;
}): ReactNode {
  const lines = story.console.slice(0, step.consoleLines);
  if (story.console.length === 0) return null;
  return (
    <ol className="step-console inset-focus" aria-label="Console up to this step" tabIndex={0}>
      {lines.map((line, index) => (
        // Console lines are named by their number.
        // oxlint-disable-next-line react/no-array-index-key
        <li key={index} ref={index === lines.length - 1 ? toView : undefined}>
          {line}
        </li>
      ))}
      {lines.length === 0 && <li className="muted">Nothing is printed yet.</li>}
    </ol>
  );
}

function StatePane({
  story,
  step,
  before,
  lab,
  onTry,
}: {
  readonly story: HandoffStory;
  readonly step: HandoffStep;
  readonly before: HandoffStep | undefined;
  readonly lab: CallAnswer<'handoff.list'>;
  readonly onTry: (strategy: string) => void;
}): ReactNode {
  const number = story.steps.indexOf(step) + 1;
  const changed = changedRows(step, before);
  const others = lab.strategies.filter(({ id }) => id !== story.strategy);
  return (
    <section className="stepper-state" aria-label="State at this step" tabIndex={0}>
      <div className="bar">
        <b>State after step {number}</b>
        <span className="muted push">
          <Glyph kind={OUTCOME_GLYPH[story.outcome]} name="" /> {outcomeWords(story)}
        </span>
      </div>
      <div className="section">
        <h4>{step.title}</h4>
        <p className="second">{step.text}</p>
      </div>
      {step.state.length > 0 && (
        <table className="state-table">
          <thead>
            <tr>
              <th scope="col">What</th>
              <th scope="col">In memory</th>
              <th scope="col">In the IOMMU</th>
            </tr>
          </thead>
          <tbody>
            {step.state.map((row) => (
              <tr key={row.what} className={changed.has(row.what) ? 'is-changed' : ''}>
                <th scope="row">
                  {row.what}
                  {changed.has(row.what) && (
                    <span className="state-changed" role="img" aria-label="changed by this step">
                      Δ
                    </span>
                  )}
                </th>
                <td>{row.memory}</td>
                <td className={row.differs ? 'is-warning' : ''}>
                  {row.differs && <span className="visually-hidden">differs: </span>}
                  {row.cached}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      {step.events.length > 0 && (
        <div className="section">
          <h3>What the unit did</h3>
          <ol className="second">
            {step.events.map((event) => (
              <li key={event.n}>
                <span className="mono muted">{event.kind}</span> {event.text}
              </li>
            ))}
          </ol>
        </div>
      )}
      <div className="section">
        <h3>Verdict</h3>
        <p className="second">{story.verdict}</p>
      </div>
      {story.whatWouldChange.length > 0 && (
        <div className="section">
          <h3>What would change the outcome</h3>
          <ul className="second">
            {story.whatWouldChange.map((text) => (
              <li key={text}>
                <Glyph kind="ok" name="" /> {text}
              </li>
            ))}
          </ul>
          {others.map((other) => (
            <button type="button" key={other.id} className="link" onClick={() => onTry(other.id)}>
              {other.title}
            </button>
          ))}
        </div>
      )}
    </section>
  );
}
