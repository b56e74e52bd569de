import type { ReactNode } from 'react';
import { Fragment } from 'react';
import { hex } from '../../../core/format/hex.ts';
import { formatCount, formatSize } from '../../../core/format/size.ts';
import { Address } from '../../ui/Address.tsx';
import { Glyph } from '../../ui/Glyph.tsx';
import type { Missing } from '../../wording.ts';
import { missingLook, missingWords } from '../../wording.ts';
import { TargetLink } from '../../ui/TargetLink.tsx';
import { entriesWithin, markAt, rowNames, type Overlay } from './overlay.ts';
import type { HexRow, MemoryPage } from './rows.ts';
import { ROW_BYTES, asciiOf, wordsOf } from './rows.ts';

/** Bytes that a search found. */
export interface Match {
  readonly start: bigint;
  readonly end: bigint;
}

/** The cells of a row: words, the entries that they are, or why there is nothing. */
export function HexCells({
  row,
  bits,
  size,
  overlay,
  match,
}: {
  readonly row: HexRow;
  readonly bits: number;
  readonly size: 1 | 2 | 4 | 8;
  readonly overlay: Overlay | undefined;
  readonly match: Match | undefined;
}): ReactNode {
  const address = (
    <span role="gridcell" className="muted">
      <Address value={hex(row.address)} bits={bits} />
    </span>
  );
  if (row.kind === 'page')
    return (
      <>
        {address}
        <span role="gridcell" className="memory-note text muted">
          →{' '}
          <TargetLink target={hex(row.physical)}>
            <Address value={hex(row.physical)} />
          </TargetLink>{' '}
          physical
        </span>
      </>
    );
  if (row.kind === 'bytes') {
    const touches = (range: Match | undefined, from: bigint): boolean =>
      range !== undefined && from < range.end && from + BigInt(size) > range.start;
    const names = overlay ? rowNames(overlay, row.physical, row.bytes) : '';
    return (
      <>
        {address}
        {[0, 8].map((from) => (
          <span role="gridcell" key={from}>
            {alike(
              wordsOf(row.bytes.subarray(from, from + 8), size).map((word, index) => {
                const past = BigInt(from + index * size);
                return {
                  word,
                  look: wordClass(word, {
                    mark: overlay && markAt(overlay, row.physical + past, BigInt(size)),
                    found: touches(match, row.address + past),
                  }),
                };
              }),
            ).map(({ text, look }, index) => (
              // The place of words in their row is their identity.
              // oxlint-disable-next-line react/no-array-index-key
              <Fragment key={index}>
                {index > 0 && ' '}
                <span className={look}>{text}</span>
              </Fragment>
            ))}
          </span>
        ))}
        <span
          role="gridcell"
          className={names === '' ? 'muted' : 'text second'}
          title={names === '' ? undefined : asciiOf(row.bytes)}
        >
          {names === '' ? asciiOf(row.bytes) : names}
        </span>
      </>
    );
  }
  const missing = missingOf(row.page);
  const { table } = row.page;
  const { glyph } = missingLook(missing.kind);
  const words = missingWords(missing);
  const text =
    row.kind === 'zeros'
      ? `${zerosText(row.physical, row.rows * ROW_BYTES, overlay)}, all zero · ${words}`
      : `${row.atLeast ? 'at least ' : ''}${formatSize(row.length)} · ${table === undefined ? '' : `can't be translated, table at ${table}: `}${words}`;
  return (
    <>
      {address}
      <span role="gridcell" className="memory-note text" title={row.page.note}>
        {glyph && <Glyph kind={glyph} />} {text}
      </span>
    </>
  );
}

/** Neighbours that look the same are one piece of text: sixteen bytes are seldom sixteen looks. */
function alike(
  words: readonly { readonly word: string; readonly look: string }[],
): { readonly text: string; readonly look: string }[] {
  const pieces: { text: string; look: string }[] = [];
  for (const { word, look } of words) {
    const last = pieces.at(-1);
    if (last?.look === look) last.text += ` ${word}`;
    else pieces.push({ text: word, look });
  }
  return pieces;
}

function wordClass(
  word: string,
  is: { readonly mark: 'entry' | 'table' | undefined; readonly found: boolean },
): string {
  return [
    /^0+$/.test(word) ? 'memory-zero' : '',
    is.mark === undefined ? '' : 'memory-table',
    is.mark === 'entry' ? 'memory-marked' : '',
    is.found ? 'memory-match' : '',
  ]
    .filter((name) => name !== '')
    .join(' ');
}

/** `254 entries`, or the size where no table lies over it. */
function zerosText(address: bigint, bytes: number, overlay: Overlay | undefined): string {
  const entries = overlay ? entriesWithin(overlay, address, BigInt(bytes)) : 0;
  return entries > 0 ? `${formatCount(entries)} entries` : formatSize(bytes);
}

/** The words of section "States" for what the engine says of a page. */
export function missingOf(page: MemoryPage): Missing {
  switch (page.provenance) {
    case 'excluded':
      return { kind: 'excluded', level: page.level };
    case 'failed':
      if (/\bends before\b/.test(page.note))
        return { kind: 'truncated', missing: page.length ?? '0x1000' };
      return { kind: 'damaged', codec: codecOf(page.note) };
    case 'pending':
      return { kind: 'pending', read: 0, of: 4096 };
    case 'zero':
    case 'present':
      return { kind: 'zero', stored: true };
    case 'absent':
    case 'unmapped':
      return { kind: page.provenance };
  }
}

/** The codec that a damaged page is stored with, as the dump describes it. */
function codecOf(note: string): string {
  return /\((\w+), \d+ bytes\b/.exec(note)?.[1] ?? /(\w+) error/.exec(note)?.[1] ?? 'read';
}
