import type { ReactNode } from 'react';
import { useMemo, useState } from 'react';
import type { ExplainAnswer } from '../../../core/protocol/contract.ts';
import { useCall } from '../../engine/useCall.ts';
import { kernelName, seconds } from '../../format/time.ts';
import { useWorkbench } from '../../state/context.ts';
import { useStore } from '../../state/store.ts';
import { useFollowed } from '../../state/useFollowed.ts';
import { copyText } from '../../ui/clipboard.ts';
import { token } from '../../ui/colours.ts';
import { Glyph } from '../../ui/Glyph.tsx';
import { ActionKeys } from '../../ui/Keys.tsx';
import { Empty, Panel } from '../../ui/Panel.tsx';
import { TargetLink } from '../../ui/TargetLink.tsx';
import { Split, WalkSteps } from '../../ui/WalkView.tsx';
import { EMPTY } from '../../wording.ts';
import { walkPicture } from '../translate/walk-picture.ts';
import { checksText, explainForms, explainMarkdown, walkTable } from './markdown.ts';
import './explain.css';
import { hexByte } from '../../../core/format/hex.ts';

/** Says why one fault happened. */
export function ExplainPanel(): ReactNode {
  const { actions, faults, notices } = useWorkbench();
  const fault = useFollowed((selection) => selection.fault);
  const answer = useCall('explain', fault === undefined ? undefined : { fault });
  const { value } = answer;
  const own = useMemo(
    () => ({
      'device.next': () => void faults.stepDevice(1),
      'device.previous': () => void faults.stepDevice(-1),
      'copy.value': value && (() => void copyText(explainMarkdown(value), notices)),
    }),
    [value, faults, notices],
  );
  return (
    <Panel
      loading={answer.state === 'loading'}
      failure={answer.failure}
      actions={own}
      table={
        value?.walk && {
          name: 'Walk',
          forms: () => explainForms(value),
          read: () => walkTable(value.walk!),
          picture: () => walkPicture(value.walk!, token),
        }
      }
      bar={
        value && (
          <>
            <span className="shrink">
              Fault <span className="mono">#{value.fault.n}</span>
            </span>
            <button
              type="button"
              className="btn push"
              aria-label="Previous fault"
              onClick={() => actions.run('fault.previous')}
            >
              ‹ <ActionKeys action="fault.previous" />
            </button>
            <button
              type="button"
              className="btn"
              aria-label="Next fault"
              onClick={() => actions.run('fault.next')}
            >
              <ActionKeys action="fault.next" /> ›
            </button>
          </>
        )
      }
    >
      {fault === undefined ? (
        <Empty text={EMPTY.explain} action="go.faults" button="Faults" />
      ) : (
        value && <Explanation answer={value} />
      )}
    </Panel>
  );
}

function Explanation({ answer }: { readonly answer: ExplainAnswer }): ReactNode {
  const { fault, walk } = answer;
  const reason =
    fault.reason === undefined
      ? fault.event
      : `reason ${hexByte(fault.reason)} ${fault.reasonName ?? ''}`;
  return (
    <div
      className="panel-body"
      data-first-focus
      tabIndex={0}
      role="region"
      aria-label="Explanation"
    >
      <div className="section explain-head">
        <h2>{answer.sentence}</h2>
        <p className="muted">
          {fault.time !== undefined &&
            `${seconds(fault.time, 6)} s, ${kernelName(fault.kernel)} · `}
          {answer.unit !== undefined && `${answer.unit} · `}
          {reason} ·{' '}
          <TargetLink target={`L${fault.line}`} console={fault.console}>
            console {fault.line}
          </TargetLink>
        </p>
      </div>
      <VerdictBlock answer={answer} />
      {walk && (
        <section className="section" aria-labelledby="explain-walk">
          <h3 id="explain-walk">Walk, {walk.title}</h3>
          <Split split={walk.split} />
          <WalkSteps walk={walk} />
        </section>
      )}
      {answer.evidence.length > 0 && <Evidence answer={answer} />}
      {answer.fixes.length > 0 && (
        <section className="section" aria-labelledby="explain-fix">
          <h3 id="explain-fix">Known fix</h3>
          {answer.fixes.map((fix) => (
            <p key={fix.id} className="second">
              {fix.versions !== undefined && <b>{fix.versions}: </b>}
              {fix.text} <span className="muted">{fix.source}</span>
            </p>
          ))}
        </section>
      )}
      <Actions answer={answer} />
    </div>
  );
}

function VerdictBlock({ answer }: { readonly answer: ExplainAnswer }): ReactNode {
  const { verdict } = answer;
  const [open, setOpen] = useState(false);
  return (
    <div className={`verdict verdict-${verdict.severity}`} role="status">
      <h3>
        <Glyph kind={verdict.severity} /> {verdict.title}
      </h3>
      <p>{verdict.text}</p>
      <div className="verdict-sides">
        <div>
          <span className="muted">Tables say</span>
          <br />
          {answer.tablesSay}
        </div>
        <div>
          <span className="muted">Hardware said</span>
          <br />
          {answer.hardwareSaid}
        </div>
      </div>
      <p className="muted">
        Confidence: {verdict.confidence} ({checksText(verdict.checks)}) ·{' '}
        <button type="button" className="link" aria-expanded={open} onClick={() => setOpen(!open)}>
          what would disprove this?
        </button>
      </p>
      {open && (
        <div className="verdict-checks">
          <p>{verdict.disprove}</p>
          <ul>
            {verdict.checks.map((check) => (
              <li key={check.text}>
                <Glyph
                  kind={check.passed === undefined ? 'unknown' : check.passed ? 'ok' : 'error'}
                />{' '}
                {check.text}
              </li>
            ))}
          </ul>
        </div>
      )}
    </div>
  );
}

function Evidence({ answer }: { readonly answer: ExplainAnswer }): ReactNode {
  const { evidence, fault, notes = [], story } = answer;
  return (
    <section className="section" aria-labelledby="explain-evidence">
      <h3 id="explain-evidence">Evidence</h3>
      <ul className="evidence">
        {evidence.map((each) => (
          <li key={`${each.what} ${each.link ?? each.address ?? ''}`}>
            <Glyph kind="ok" name="" />
            <span>
              {each.what}
              {each.meaning !== undefined && <span className="muted"> {each.meaning}</span>}
            </span>
            {each.link !== undefined && (
              <TargetLink target={each.link} console={fault.console}>
                {linkName(each.link)}
              </TargetLink>
            )}
          </li>
        ))}
        {[...(story === undefined ? [] : [story]), ...notes].map((text) => (
          <li key={text}>
            <Glyph kind="note" />
            <span className="second">{text}</span>
          </li>
        ))}
      </ul>
    </section>
  );
}

function Actions({ answer }: { readonly answer: ExplainAnswer }): ReactNode {
  const { actions, notices, translate, dock, lab, session } = useWorkbench();
  const { fault } = answer;
  const info = useStore(session.info);
  return (
    <div className="section button-row">
      <button
        type="button"
        className="btn btn-primary"
        onClick={() => {
          actions.run('go.handoff');
          if (answer.lab) void lab.open(answer.lab.strategy, answer.lab.scenario);
        }}
        title="Compare hand-off strategies, simulated"
      >
        Try in Hand-off lab
      </button>
      {fault.bdf !== undefined && fault.address !== undefined && (info?.units.length ?? 0) > 0 && (
        <button
          type="button"
          className="btn"
          onClick={() => {
            const text = `${fault.bdf} ${fault.address} ${fault.access === 'write' ? 'w' : 'r'}`;
            translate.set(({ turn }) => ({ text, turn: turn + 1 }));
            dock.open('translate');
          }}
        >
          Translate <ActionKeys action="go.translate" />
        </button>
      )}
      <button type="button" className="btn" onClick={() => actions.run('note.new')}>
        Add to notes <ActionKeys action="note.new" />
      </button>
      <button
        type="button"
        className="btn"
        onClick={() => void copyText(explainMarkdown(answer), notices)}
      >
        Copy <ActionKeys action="copy.value" />
      </button>
    </div>
  );
}

/** What a link is called: its line, its fault, or the last part of its path. */
function linkName(link: string): string {
  const line = /^L(\d+)$/.exec(link);
  if (line) return `console ${line[1]}`;
  return link;
}
