import { hexByte } from '../../../core/format/hex.ts';
import { formatSize } from '../../../core/format/size.ts';
import type { WalkAnswer, WalkStepItem } from '../../../core/protocol/schema.ts';
import { padded } from '../../format/address.ts';
import type { Colours, Sheet } from '../../ui/sheet.ts';
import { SvgSheet } from '../../ui/sheet.ts';
import { ABSENT, UNDECIDED, UNTRANSLATED } from '../../wording.ts';
import { walkBoxes, type WalkBox } from './model.ts';

const MARGIN = 12;
const BOX = { width: 104, height: 84, gap: 10 } as const;
const LINE = 15;
/** A step's height, as the window has it. */
const STEP = 33;
/** What fits between a step's value and the picture's right edge. */
const TEXT = { name: 24, value: 130, said: 310, width: 430, most: 68 } as const;
const WIDTH = MARGIN + TEXT.said + TEXT.width;

const OUTCOMES: Readonly<Record<WalkStepItem['outcome'], { tone: string; mark: string }>> = {
  next: { tone: 'ok', mark: '✓' },
  leaf: { tone: 'ok', mark: '✓' },
  stop: { tone: 'err', mark: '×' },
  unknown: { tone: 'unk', mark: '?' },
};

/** A walk as an SVG text, in the colours that show: the boxes, the result, each step's raw words. */
export function walkPicture(walk: WalkAnswer, colours: Colours): string {
  const sheet = new SvgSheet(colours);
  const boxes = walkBoxes(walk);
  const pasid = walk.pasid === undefined ? '' : ` PASID ${walk.pasid}`;
  const title = `${walk.bdf}${pasid} · DMA ${walk.access} at ${walk.address}`;
  sheet.text(MARGIN, 22, title, { fill: 'fg0' });
  sheet.text(MARGIN, 38, `${walk.unit}, ${walk.title}`, { fill: 'fg2' });
  for (const [index, box] of boxes.entries())
    paintBox(sheet, MARGIN + index * (BOX.width + BOX.gap), 50, box);
  let y = 50 + BOX.height + 24;
  const { text, tone } = resultOf(walk);
  sheet.text(MARGIN, y, text, { fill: tone });
  y += 14;
  for (const [index, step] of walk.steps.entries())
    paintStep(sheet, y + index * STEP, step, index === walk.steps.length - 1);
  y += walk.steps.length * STEP;
  const width = Math.max(WIDTH, boxes.length * (BOX.width + BOX.gap) + MARGIN);
  return sheet.svg(width + MARGIN, y + MARGIN, `Walk: ${title}. ${text}`);
}

function paintBox(sheet: Sheet, x: number, y: number, box: WalkBox): void {
  const outcome = box.step?.outcome;
  const line = outcome === 'stop' ? 'err' : outcome === 'unknown' ? 'unk' : 'accent';
  const middle = x + BOX.width / 2;
  sheet.rect(x, y, BOX.width, BOX.height, {
    fill: 'bg2',
    stroke: 'line',
    dash: box.reached ? [] : [4, 3],
  });
  const write = (row: number, text: string, fill: string, mono = true): void =>
    sheet.text(middle, y + 16 + row * LINE, text, { fill, mono, align: 'center' });
  write(0, box.name, box.reached ? 'fg0' : 'fg2', false);
  write(1, box.before, 'fg2');
  if (box.reached)
    sheet.rect(x, y + 5 + 2 * LINE, BOX.width, LINE + 1, {
      fill: outcome === 'unknown' ? 'bg1' : 'sel',
      stroke: line,
      dash: outcome === 'unknown' ? [4, 3] : [],
    });
  write(2, box.chosen, box.reached ? 'fg0' : 'fg2');
  write(3, box.after, 'fg2');
  write(4, box.foot, 'fg2');
}

function paintStep(sheet: Sheet, y: number, step: WalkStepItem, last: boolean): void {
  const { tone, mark } = OUTCOMES[step.outcome];
  sheet.text(MARGIN + 6, y + 18, mark, { fill: tone, align: 'center' });
  if (!last)
    sheet.line(
      [
        [MARGIN + 6, y + 22],
        [MARGIN + 6, y + STEP + 6],
      ],
      'ctl',
    );
  const name = step.what.charAt(0).toUpperCase() + step.what.slice(1);
  sheet.text(MARGIN + TEXT.name, y + 14, name, { fill: 'fg0' });
  sheet.text(MARGIN + TEXT.name, y + 27, `index ${step.index}`, { fill: 'fg2', mono: true });
  const [low] = step.words;
  const value = low === undefined ? (step.missing ?? ABSENT) : padded(low, 64);
  sheet.text(MARGIN + TEXT.value, y + 14, value, {
    fill: low === undefined ? 'unk' : 'fg0',
    mono: true,
  });
  if (step.address !== undefined)
    sheet.text(MARGIN + TEXT.value, y + 27, `at ${step.address}`, { fill: 'fg2', mono: true });
  const rights = step.rights === undefined || step.rights === '' ? '' : `${step.rights}: `;
  for (const [row, line] of linesOf(`${rights}${step.text}`).entries())
    sheet.text(MARGIN + TEXT.said, y + 14 + row * 13, line, { fill: 'fg1' });
}

/** A text in at most two lines, cut at words; what is left out is marked. */
function linesOf(text: string): string[] {
  const lines = [''];
  for (const word of text.split(' ')) {
    const last = lines.length - 1;
    const longer = lines[last] === '' ? word : `${lines[last]} ${word}`;
    if (longer.length <= TEXT.most) lines[last] = longer;
    else if (lines.length < 2) lines.push(word);
    else {
      lines[last] += '…';
      break;
    }
  }
  return lines;
}

/** The result in a line, and its colour. */
function resultOf({ outcome }: WalkAnswer): { readonly text: string; readonly tone: string } {
  switch (outcome.result) {
    case 'translated': {
      const what = outcome.untranslated ? UNTRANSLATED : `${formatSize(BigInt(outcome.size))} page`;
      return { text: `✓ ${outcome.pa} ${outcome.rights} · ${what}`, tone: 'ok' };
    }
    case 'fault':
      return { text: `× refused: ${hexByte(outcome.reason)} ${outcome.name}`, tone: 'err' };
    case 'unknown':
      return { text: `? ${UNDECIDED}: ${outcome.why}`, tone: 'unk' };
  }
}
