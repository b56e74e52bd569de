import type { TextTable } from '../../../core/format/table-text.ts';
import { SIMULATED } from '../../wording.ts';
import type { Cell } from './lab.ts';
import { cellKey, outcomeWords } from './model.ts';

/** The matrix as a table: a strategy a row, a scenario a column; cells that were not run are empty. */
export function matrixTable(
  strategies: readonly { readonly id: string; readonly title: string }[],
  scenarios: readonly { readonly id: string; readonly title: string }[],
  cells: ReadonlyMap<string, Cell>,
): TextTable {
  return {
    name: `Hand-off strategies (${SIMULATED})`,
    columns: ['strategy', ...scenarios.map(({ title }) => title)],
    rows: strategies.map(({ id, title }) => [
      title,
      ...scenarios.map((scenario) => {
        const cell = cells.get(cellKey(id, scenario.id));
        return cell?.state === 'done' ? outcomeWords(cell.story) : undefined;
      }),
    ]),
  };
}
