/** The hand-off lab for people: what `faultline handoff` prints without `--json`. */
import { eventText } from '../machine/events.ts';
import { labItem } from './json.ts';
import type { Step, Story } from './story.ts';

/** The words that every result of the lab carries. */
const SIMULATED = 'simulated, not measured';

/** The scenarios and strategies. */
export function listText(): string {
  const { scenarios, strategies } = labItem();
  const block = (entry: { id: string; title: string; text: string; source: string }): string =>
    [
      `  ${entry.id}`,
      `    ${entry.title}`,
      `    ${entry.text}`,
      `    source: ${entry.source}`,
    ].join('\n');
  return [
    'scenarios',
    ...scenarios.map(block),
    '',
    'strategies',
    ...strategies.map(block),
    '',
  ].join('\n');
}

/**
 * A story with its steps, then the console, then the verdict.
 * @param verbose also every event of the machine
 */
export function storyText(story: Story, verbose = false): string {
  const lines = [
    `${story.scenario} under ${story.strategy} (seed ${story.seed}, ${SIMULATED})`,
    '',
    ...story.steps.flatMap((step) => stepLines(step, verbose)),
    'console',
    ...story.console.map((line) => `  ${line}`),
    '',
    `outcome: ${story.outcome}`,
    story.verdict,
  ];
  if (story.whatWouldChange.length > 0)
    lines.push(
      '',
      'what would change the outcome',
      ...story.whatWouldChange.map((it) => `  ${it}`),
    );
  return `${lines.join('\n')}\n`;
}

function stepLines(step: Step, verbose: boolean): string[] {
  const mark = step.deciding ? ' (decides)' : '';
  const lines = [`${String(step.n).padStart(2)}. [${step.lane}] ${step.title}${mark}`];
  lines.push(`    ${step.text}`);
  for (const row of step.state)
    if (row.differs) lines.push(`    ${row.what}: memory ${row.memory}, unit ${row.cached}`);
  if (verbose) for (const event of step.events) lines.push(`      ${event.n} ${eventText(event)}`);
  lines.push('');
  return lines;
}
