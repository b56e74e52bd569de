import type { ReactNode } from 'react';
import type { WalkAnswer, WalkStepItem } from '../../core/protocol/schema.ts';
import { goTo } from '../shell/go.ts';
import { useWorkbench } from '../state/context.ts';
import { padded } from '../format/address.ts';
import { Rights } from './Access.tsx';
import { Address } from './Address.tsx';
import type { GlyphKind } from './Glyph.tsx';
import { Glyph } from './Glyph.tsx';
import './walk.css';

const OUTCOME: Readonly<Record<WalkStepItem['outcome'], GlyphKind>> = {
  next: 'ok',
  leaf: 'ok',
  stop: 'error',
  unknown: 'unknown',
};

/** The address split by level, high part first. */
export function Split({ split }: { readonly split: WalkAnswer['split'] }): ReactNode {
  return (
    <ol className="split" aria-label="The address split by level">
      {split.map((part) => {
        const offset = part.name.toLowerCase().startsWith('offset');
        return (
          <li key={part.name} className={offset ? 'is-offset' : ''}>
            {offset ? padded(`0x${part.value.toString(16)}`, 12) : part.value}
            <small>
              {part.name} {part.bits}
            </small>
          </li>
        );
      })}
    </ol>
  );
}

/** The walk step by step, to the entry that decides. */
export function WalkSteps({ walk }: { readonly walk: WalkAnswer }): ReactNode {
  const pasid = walk.steps.some(({ what }) => what.startsWith('PASID'));
  return (
    <ol className={`walk ${pasid ? 'has-pasid' : ''}`} aria-label="Walk">
      {walk.steps.map((step, index) => (
        <Step
          key={`${step.what} ${step.table} ${step.index}`}
          step={step}
          last={index === walk.steps.length - 1}
        />
      ))}
    </ol>
  );
}

function Step({ step, last }: { readonly step: WalkStepItem; readonly last: boolean }): ReactNode {
  const workbench = useWorkbench();
  const { path } = step;
  const name = step.what.charAt(0).toUpperCase() + step.what.slice(1);
  const low = step.words[0];
  return (
    <li className={`walk-step is-${step.outcome} ${last ? 'is-last' : ''}`}>
      <span className="walk-line">
        <Glyph kind={OUTCOME[step.outcome]} />
      </span>
      <span className="walk-name">
        {path === undefined ? (
          name
        ) : (
          <button
            type="button"
            className="link"
            title={step.text}
            onClick={() => goTo(workbench, path, { from: 'walk' })}
          >
            {name}
          </button>
        )}
        <small>index {step.index}</small>
      </span>
      <span className="walk-value">
        {low === undefined ? (
          <span className="walk-missing">{step.missing ?? step.text}</span>
        ) : (
          <Address value={low} bits={64} />
        )}
        {step.address !== undefined && <small>at {step.address}</small>}
      </span>
      <span className="walk-text" title={step.text}>
        {step.rights && step.outcome !== 'stop' ? (
          <Rights rights={step.rights} />
        ) : (
          <Decides step={step} />
        )}
      </span>
    </li>
  );
}

/** A step that grants no rights yet says what it decides; where it leads is its value already. */
function Decides({ step }: { readonly step: WalkStepItem }): ReactNode {
  return <small>{step.text.replace(/ at 0x[0-9a-f]+$/, '')}</small>;
}
