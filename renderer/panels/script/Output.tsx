import type { ReactNode } from 'react';
import { useState } from 'react';
import { formatCount } from '../../../core/format/size.ts';
import { goTo } from '../../shell/go.ts';
import { Chart } from './Chart.tsx';
import { useWorkbench } from '../../state/context.ts';
import { copyText } from '../../ui/clipboard.ts';
import { Glyph } from '../../ui/Glyph.tsx';
import type { OutputItem } from './output.ts';
import { TABLE_PAGE, doneText, linkParts, tableCsv } from './output.ts';

/** What scripts printed: text, tables, values, errors; addresses and paths are links. */
export function Output({
  items,
  onLine,
}: {
  readonly items: readonly OutputItem[];
  readonly onLine: (line: number, column: number) => void;
}): ReactNode {
  return (
    <div className="script-output" role="log" aria-label="Output" tabIndex={0}>
      {items.map((item) => (
        <Item key={item.id} item={item} onLine={onLine} />
      ))}
      <div key={items.at(-1)?.id} ref={toView} />
    </div>
  );
}

/** Brings what was just mounted into view. */
function toView(element: HTMLElement | null): void {
  element?.scrollIntoView({ block: 'nearest' });
}

function Item({
  item,
  onLine,
}: {
  readonly item: OutputItem;
  readonly onLine: (line: number, column: number) => void;
}): ReactNode {
  switch (item.kind) {
    case 'input':
      return (
        <pre className="script-input">
          <span aria-hidden="true">› </span>
          {item.text}
        </pre>
      );
    case 'print':
      return (
        <pre>
          <Linked text={item.text} />
        </pre>
      );
    case 'value':
      return (
        <pre className="script-value">
          <span aria-hidden="true">‹ </span>
          <Linked text={item.text} />
        </pre>
      );
    case 'table':
      return <Table columns={item.columns} rows={item.rows} dropped={item.dropped} />;
    case 'chart': {
      const { title, x, y, dropped } = item;
      const rows = x.map((value, at) => [String(value), String(y[at])]);
      return (
        <Chart
          title={title}
          x={x}
          y={y}
          dropped={dropped}
          table={<Table columns={['x', 'y']} rows={rows} dropped={dropped} />}
        />
      );
    }
    case 'error': {
      const { line, column = 1 } = item;
      return (
        <pre className="is-error" role="alert">
          <Glyph kind="error" /> {item.text}{' '}
          {line !== undefined && (
            <button type="button" className="link" onClick={() => onLine(line, column)}>
              line {line}
            </button>
          )}
        </pre>
      );
    }
    case 'done':
      return (
        <p className="muted" role="status">
          <Glyph kind={item.state === 'finished' ? 'ok' : 'warning'} name="" />{' '}
          {doneText(item.state, item.seconds)}
        </p>
      );
  }
}

function Table({
  columns,
  rows,
  dropped,
}: {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly string[])[];
  readonly dropped: number;
}): ReactNode {
  const { notices } = useWorkbench();
  const [page, setPage] = useState(0);
  const pages = Math.max(1, Math.ceil(rows.length / TABLE_PAGE));
  const from = page * TABLE_PAGE;
  return (
    <div className="script-table">
      <table>
        <thead>
          <tr>
            {columns.map((column) => (
              <th scope="col" key={column}>
                {column}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.slice(from, from + TABLE_PAGE).map((row, index) => (
            // Rows of a script's table have no identity but their place.
            // oxlint-disable-next-line react/no-array-index-key
            <tr key={from + index}>
              {row.map((cell, column) => (
                <td key={columns[column]} tabIndex={-1} data-cell={cell} title="C copies the cell">
                  <Linked text={cell} />
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
      <div className="button-row">
        {pages > 1 && (
          <>
            <button
              type="button"
              className="btn"
              disabled={page === 0}
              onClick={() => setPage(page - 1)}
            >
              ◀
            </button>
            <span className="muted">
              rows {formatCount(from + 1)}–{formatCount(Math.min(rows.length, from + TABLE_PAGE))}{' '}
              of {formatCount(rows.length)}
            </span>
            <button
              type="button"
              className="btn"
              disabled={page === pages - 1}
              onClick={() => setPage(page + 1)}
            >
              ▶
            </button>
          </>
        )}
        {dropped > 0 && (
          <span className="muted">{formatCount(dropped)} more rows were not sent</span>
        )}
        <button
          type="button"
          className="btn"
          onClick={() => void copyText(tableCsv(columns, rows), notices)}
        >
          Copy as CSV
        </button>
      </div>
    </div>
  );
}

function Linked({ text }: { readonly text: string }): ReactNode {
  const workbench = useWorkbench();
  const follow = (target: string): void => {
    if (target.includes('/') || target.startsWith('0x')) goTo(workbench, target);
    else
      void workbench.engine.call('jump', { text: target }).then(
        ({ places }) => {
          const [place] = places;
          if (place) goTo(workbench, place.target, { panel: place.panel });
        },
        () => {
          // A device that no unit knows has no place to go to.
        },
      );
  };
  return linkParts(text).map(({ text: part, target }, index) =>
    target === undefined ? (
      part
    ) : (
      // Parts of a text have no identity but their place.
      // oxlint-disable-next-line react/no-array-index-key
      <button type="button" className="link" key={index} onClick={() => follow(target)}>
        {part}
      </button>
    ),
  );
}
