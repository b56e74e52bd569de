import type { ReactNode } from 'react';
import { useRef } from 'react';
import type { HandoffStep } from '../../../core/protocol/contract.ts';
import { useWidth } from '../../ui/useWidth.ts';
import { LANES, laneBoxes } from './model.ts';

const LABEL = 104;
const LANE = 44;
const TOP = 22;
const BOX = 18;
const LEAST_STEP = 34;

/** Swim lanes: who does what, step by step from left to right. */
export function Lanes({
  steps,
  at,
  onStep,
}: {
  readonly steps: readonly HandoffStep[];
  readonly at: number;
  readonly onStep: (step: number) => void;
}): ReactNode {
  const box = useRef<HTMLDivElement>(null);
  const room = useWidth(box);
  const step = Math.max(LEAST_STEP, (room - LABEL - 12) / Math.max(1, steps.length));
  const width = LABEL + steps.length * step + 8;
  const height = TOP + LANES.length * LANE;
  const y = (lane: number): number => TOP + lane * LANE + LANE / 2;
  const x = (column: number): number => LABEL + column * step;
  const boxes = laneBoxes(steps);
  return (
    <div className="lanes inset-focus" ref={box} role="region" aria-label="Lanes" tabIndex={0}>
      <svg
        width={width}
        height={height}
        role="img"
        aria-label={`${steps.length} steps. Now: step ${at + 1}, ${steps[at]?.lane}: ${steps[at]?.title}`}
      >
        <rect
          x={x(at) + 1}
          y={2}
          width={step - 2}
          height={height - 4}
          rx={4}
          className="lanes-now"
        />
        {LANES.map(([lane, name], index) => (
          <g key={lane}>
            <text x={4} y={y(index) + 4}>
              {name}
            </text>
            <path d={`M${LABEL} ${y(index)}H${width - 4}`} className="lanes-line" />
          </g>
        ))}
        {steps.map((each, index) => (
          <text
            key={each.n}
            x={x(index) + step / 2}
            y={14}
            textAnchor="middle"
            className={index === at ? 'lanes-number is-now' : 'lanes-number'}
          >
            {index + 1}
          </text>
        ))}
        {boxes.slice(1).map((each, index) => {
          const from = boxes[index];
          if (from.lane === each.lane) return null;
          const down = each.lane > from.lane ? 1 : -1;
          const middle = x(each.from) + step / 2;
          const end = y(each.lane) - down * (BOX / 2 + 1);
          return (
            <path
              key={each.step.n}
              className="lanes-arrow"
              d={`M${middle} ${y(from.lane) + down * (BOX / 2)}V${end}M${middle - 4} ${end - down * 5}L${middle} ${end}L${middle + 4} ${end - down * 5}`}
            />
          );
        })}
        {boxes.map((each) => {
          const left = x(each.from) + 3;
          const right = x(each.to) - 3;
          return (
            <svg
              key={each.step.n}
              x={left}
              y={y(each.lane) - BOX / 2}
              width={right - left}
              height={BOX}
              className="lanes-box"
              onClick={() => onStep(each.from)}
            >
              <rect
                x={0.5}
                y={0.5}
                width={right - left - 1}
                height={BOX - 1}
                rx={3}
                className={[
                  each.step.deciding ? 'is-deciding' : '',
                  each.from > at ? 'is-later' : '',
                ].join(' ')}
              />
              <text x={6} y={13}>
                {each.step.title}
              </text>
              <title>{each.step.title}</title>
            </svg>
          );
        })}
      </svg>
    </div>
  );
}
