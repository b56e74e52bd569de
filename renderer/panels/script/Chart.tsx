import type { ReactNode } from 'react';
import { useId, useRef, useState } from 'react';
import { formatCount } from '../../../core/format/size.ts';
import { useWidth } from '../../ui/useWidth.ts';
import { chartGeometry } from './output.ts';

/** The drawing's height, px. */
const HEIGHT = 160;

/** A chart that a script drew; the same as a table for who does not see it. */
export function Chart({
  title,
  x,
  y,
  dropped,
  table,
}: {
  readonly title: string;
  readonly x: readonly number[];
  readonly y: readonly number[];
  readonly dropped: number;
  /** The points as a table. */
  readonly table: ReactNode;
}): ReactNode {
  const box = useRef<HTMLDivElement>(null);
  const width = useWidth(box);
  const [asTable, setAsTable] = useState(false);
  const heading = useId();
  const drawn = chartGeometry(x, y, Math.max(120, width), HEIGHT);
  return (
    <figure className="script-chart" ref={box} aria-labelledby={heading}>
      <figcaption id={heading}>
        {title || 'Chart'} <span className="muted">{formatCount(x.length)} points</span>
        {dropped > 0 && (
          <span className="muted">, {formatCount(dropped)} more points were not sent</span>
        )}{' '}
        <button type="button" className="link" onClick={() => setAsTable(!asTable)}>
          {asTable ? 'Show as chart' : 'Show as table'}
        </button>
      </figcaption>
      {asTable
        ? table
        : width > 0 && (
            <svg
              width={Math.max(120, width)}
              height={HEIGHT}
              role="img"
              aria-label={`${title || 'Chart'}: ${drawn.summary}`}
            >
              {drawn.grid.map(({ at, text }) => (
                <g key={text}>
                  <path d={`M${drawn.left} ${at}H${drawn.right}`} className="script-chart-grid" />
                  <text x={drawn.left - 6} y={at + 4} textAnchor="end">
                    {text}
                  </text>
                </g>
              ))}
              {drawn.ticks.map(({ at, text }) => (
                <text key={text} x={at} y={HEIGHT - 4} textAnchor="middle">
                  {text}
                </text>
              ))}
              <path d={drawn.path} className="script-chart-line" />
              {drawn.dots.map(([cx, cy]) => (
                <circle key={`${cx} ${cy}`} cx={cx} cy={cy} r={2.5} className="script-chart-dot" />
              ))}
            </svg>
          )}
    </figure>
  );
}
