import { markup, type Markup } from '../format/markup.ts';
import type { WalkAnswer, WalkStepItem } from '../protocol/schema.ts';

/** Sizes of the drawing, px. */
const WIDTH = 1000;
const BOX = { x: 150, width: 420, height: 40, gap: 18 };
/** Longest text of a column, characters at the drawing's size. */
const NAME = 20;
const VALUE = 56;
const SAYS = 56;

const OUTCOME: Readonly<Record<WalkStepItem['outcome'], string>> = {
  next: 'goes on',
  leaf: 'maps the page',
  stop: 'ends here',
  unknown: 'not known',
};

/** The walk as a picture: one box a table, from the root down to the entry that decides. */
export function walkPicture(walk: WalkAnswer): Markup {
  const step = BOX.height + BOX.gap;
  const height = walk.steps.length * step + 36;
  const says = `Walk of ${walk.address} by ${walk.bdf}: ${walk.steps.map((each) => `${each.what}, ${each.text}`).join('; ')}; ${walkOutcome(walk)}`;
  return markup`<svg viewBox="0 0 ${WIDTH} ${height}" role="img" aria-label="${says}">
${walk.steps.map((each, index) => drawn(each, 4 + index * step, index < walk.steps.length - 1))}
<text x="${BOX.x}" y="${height - 10}">${walkOutcome(walk)}</text>
</svg>
`;
}

/** How a walk ends, in a sentence. */
export function walkOutcome({ outcome }: WalkAnswer): string {
  switch (outcome.result) {
    case 'translated':
      return `Translated to ${outcome.pa}, ${outcome.rights || 'no rights'}${outcome.untranslated ? ' (not translated: input and physical address are equal)' : ''}`;
    case 'fault':
      return `Fault, reason 0x${outcome.reason.toString(16)}: ${outcome.name}`;
    case 'unknown':
      return `Can't be decided: ${outcome.why}`;
  }
}

function drawn(step: WalkStepItem, y: number, more: boolean): Markup {
  const words = step.words.length > 0 ? step.words.join(' ') : (step.missing ?? 'not read');
  const bottom = y + BOX.height;
  const middle = BOX.x + BOX.width / 2;
  return markup`<g class="${step.outcome}"><text x="0" y="${y + 17}">${cut(step.what, NAME)}</text><text class="soft" x="0" y="${y + 33}">index ${step.index}</text>
<rect class="box" x="${BOX.x}" y="${y}" width="${BOX.width}" height="${BOX.height}" rx="4"/>
<text x="${BOX.x + 8}" y="${y + 17}">${cut(words, VALUE)}</text><text class="soft" x="${BOX.x + 8}" y="${y + 33}">${step.address === undefined ? '' : `at ${step.address}`}</text>
<text x="${BOX.x + BOX.width + 12}" y="${y + 17}">${OUTCOME[step.outcome]}${step.rights ? `, ${step.rights}` : ''}</text><text class="soft" x="${BOX.x + BOX.width + 12}" y="${y + 33}">${cut(step.text, SAYS)}</text>
${more ? markup`<path class="arrow" d="M${middle} ${bottom}v${BOX.gap - 5}m-4 -4l4 4l4 -4"/>` : ''}</g>
`;
}

const cut = (text: string, length: number): string =>
  text.length > length ? `${text.slice(0, length - 1)}…` : text;
