import type { TableFormat, TextTable } from '../../core/format/table-text.ts';
import { TABLE_FORMATS, tableText } from '../../core/format/table-text.ts';
import { formatCount } from '../../core/format/size.ts';
import { asFailure, isCancelled } from '../engine/failure.ts';
import type { MenuItem, Workbench } from '../state/workbench.ts';
import { copyText } from './clipboard.ts';
import { fileName, saveText } from './save.ts';

/** A form in which one value or row can be copied. */
export interface CopyForm {
  readonly title: string;
  readonly text: string;
}

/** What a panel gives so that its table can be copied and saved: see the `table` of Panel. */
export interface PanelTable {
  /** `Faults`, `Registers of dmar0`. */
  readonly name: string;
  /** All rows, those that are not on the screen too. `said` tells how far the reading is. */
  readonly read: (
    signal: AbortSignal,
    said: (done: number, of: number) => void,
  ) => TextTable | Promise<TextTable>;
  /** Forms of the selected row or value, which come first. */
  readonly forms?: () => readonly CopyForm[];
  /** What is drawn, as a whole SVG text in the colours that show. */
  readonly picture?: () => string | Promise<string>;
}

/** Rows of one export. More than a spreadsheet takes would be of no use. */
const MAX_EXPORTED = 100_000;
/** Rows asked for at a time. */
const PAGE = 2048;
/** Shorter readings are not worth a line, ms. */
const QUIET = 1000;

const COPIED: readonly TableFormat[] = ['text', 'csv', 'json', 'markdown'];
const SAVED: readonly TableFormat[] = ['csv', 'json', 'markdown'];

/** The menu of `Copy as…`: the selected row's forms, then the whole table's. */
export function exportItems(workbench: Workbench, table: PanelTable): MenuItem[] {
  const { notices } = workbench;
  const forms = table.forms?.() ?? [];
  const whole = (
    title: string,
    format: TableFormat,
    take: (text: string) => Promise<void>,
  ): MenuItem => ({ title, run: () => void readTable(workbench, table, format, take) });
  return [
    ...forms.map(({ title, text }) => ({
      title: `Copy: ${title}`,
      run: () => void copyText(text, notices),
    })),
    ...pictureItems(workbench, table),
    ...COPIED.map((format) =>
      whole(`Copy the table as ${TABLE_FORMATS[format].title}`, format, (text) =>
        copyText(text, notices),
      ),
    ),
    ...SAVED.map((format) => {
      const { title, ending, type } = TABLE_FORMATS[format];
      return whole(`Save the table as ${title}…`, format, (text) =>
        saveText(`${fileName('faultline', table.name)}.${ending}`, text, type, notices),
      );
    }),
  ];
}

/** What is drawn, to copy or save as SVG. */
function pictureItems(workbench: Workbench, { name, picture }: PanelTable): MenuItem[] {
  if (!picture) return [];
  const { notices } = workbench;
  const take = (then: (svg: string) => Promise<void>): void => {
    const drawn = Promise.resolve().then(picture);
    drawn.then(then).catch((error: unknown) => notices.fail(asFailure(error)));
  };
  const file = `${fileName('faultline', name)}.svg`;
  return [
    { title: 'Copy the picture as SVG', run: () => take((svg) => copyText(svg, notices)) },
    {
      title: 'Save the picture as SVG…',
      run: () => take((svg) => saveText(file, svg, 'image/svg+xml', notices)),
    },
  ];
}

/** Opens the menu in the middle of the panel that has the focus. */
export function openExport(workbench: Workbench, table: PanelTable): void {
  const panel = document.activeElement?.closest('.panel')?.getBoundingClientRect();
  workbench.menu.set({
    label: `Copy or save ${table.name}`,
    at: panel
      ? { x: panel.left + Math.min(160, panel.width / 4), y: panel.top + 64 }
      : { x: innerWidth / 3, y: innerHeight / 4 },
    items: exportItems(workbench, table),
  });
}

async function readTable(
  workbench: Workbench,
  table: PanelTable,
  format: TableFormat,
  take: (text: string) => Promise<void>,
): Promise<void> {
  const { notices } = workbench;
  const abort = new AbortController();
  const started = performance.now();
  try {
    const read = await table.read(abort.signal, (done, of) => {
      if (performance.now() - started < QUIET) return;
      notices.show({
        severity: 'note',
        text: `Reading ${table.name}… ${formatCount(done)} of ${formatCount(of)}`,
        action: { title: 'Stop', run: () => abort.abort() },
      });
    });
    await take(tableText(read, format));
    if (read.cut !== undefined)
      notices.show({ severity: 'warning', text: `${table.name}: ${read.cut}.` });
  } catch (error) {
    if (isCancelled(error) || abort.signal.aborted)
      notices.show({ severity: 'ok', text: `Stopped; ${table.name} was not copied.` });
    else notices.fail(asFailure(error));
  }
}

/**
 * All rows of a windowed list, at most as many as an export takes.
 * @param fetch one window of it: `from` included, `to` excluded
 * @returns the rows, and the words for what was left out
 */
export async function allRows<R>(
  fetch: (
    from: number,
    to: number,
    signal: AbortSignal,
  ) => Promise<{ readonly total: number; readonly rows: readonly R[] }>,
  signal: AbortSignal,
  said: (done: number, of: number) => void,
): Promise<{ readonly rows: readonly R[]; readonly cut: string | undefined }> {
  const rows: R[] = [];
  let total = 0;
  do {
    signal.throwIfAborted();
    const answer = await fetch(rows.length, rows.length + PAGE, signal);
    total = answer.total;
    if (answer.rows.length === 0) break;
    rows.push(...answer.rows);
    said(rows.length, Math.min(total, MAX_EXPORTED));
  } while (rows.length < Math.min(total, MAX_EXPORTED));
  const cut =
    rows.length < total
      ? `the first ${formatCount(rows.length)} of ${formatCount(total)} rows`
      : undefined;
  return { rows, cut };
}
