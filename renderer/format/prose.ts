import { formatCount } from '../../core/format/size.ts';

/** A decimal number of four digits or more that is no part of a name, a path or an address. */
const COUNT = /(?<![\w.:#/[\-–])\d{4,15}(?![\w:/\]]|\.\d)/g;
/** A comma between thousands. */
const COMMA = /(?<=\d),(?=\d{3}(?:,\d{3})*(?!\d))/g;

/** A sentence of the engine as the window shows it: `4234 mapped pages` gets its comma. */
export function withCommas(text: string): string {
  return text.replace(COUNT, (count) => formatCount(Number(count)));
}

/** The same for copies, where numbers are plain. */
export function withoutCommas(text: string): string {
  return text.replace(COMMA, '');
}
