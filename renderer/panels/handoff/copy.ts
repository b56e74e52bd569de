import type { TextTable } from '../../../core/format/table-text.ts';
import { escapeMarkdown, listMarkdown, tableText } from '../../../core/format/table-text.ts';
import type { HandoffStory } from '../../../core/protocol/contract.ts';
import type { CopyForm } from '../../ui/table-export.ts';
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

/** One run's steps as a table. */
function stepsTable(story: HandoffStory): TextTable {
  return {
    name: `${story.strategy}, ${story.scenario} (${SIMULATED})`,
    columns: ['step', 'lane', 'title', 'text', 'deciding'],
    rows: story.steps.map(({ n, lane, title, text, deciding }) => [
      n,
      lane,
      title,
      text,
      deciding ? 'yes' : undefined,
    ]),
  };
}

/** One run for a bug report: what came of it, why, its steps and its console. */
export function storyMarkdown(story: HandoffStory): string {
  const text = escapeMarkdown;
  return `${[
    `## ${story.strategy} × ${story.scenario}: ${outcomeWords(story)}`,
    `${SIMULATED}, seed ${story.seed}`,
    text(story.verdict),
    story.steps
      .map(({ n, lane, title, deciding }) => {
        const line = `${n}. ${lane}: ${text(title)}`;
        return deciding ? `${line} (decides)` : line;
      })
      .join('\n'),
    ...(story.whatWouldChange.length === 0
      ? []
      : ['### What would change the outcome', listMarkdown(story.whatWouldChange.map(text))]),
    '### Console',
    story.console.map((line) => `    ${line}`).join('\n'),
  ].join('\n\n')}\n`;
}

/** The forms in which one run can be copied. */
export function storyForms(story: HandoffStory): readonly CopyForm[] {
  return [
    { title: 'Run as Markdown', text: storyMarkdown(story) },
    { title: 'Run as JSON', text: `${JSON.stringify(story, undefined, 2)}\n` },
    { title: 'Steps as CSV', text: tableText(stepsTable(story), 'csv') },
    { title: 'Console', text: `${story.console.join('\n')}\n` },
  ];
}
