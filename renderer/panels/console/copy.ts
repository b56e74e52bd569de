import type { CallAnswer } from '../../../core/protocol/contract.ts';

type Lines = CallAnswer<'console.lines'>['lines'];

/** Lines with what each decoded one means behind it: `…  # 00:06.0 read 0x1f00000`. */
export function withComments(lines: Lines): string {
  return lines
    .map(({ text, mark }) => (mark && mark.text !== '' ? `${text}  # ${mark.text}` : text))
    .join('\n');
}

export function asJson(lines: Lines): string {
  return JSON.stringify(
    lines.map(({ line, text, mark }) => ({
      line,
      text,
      kind: mark?.kind,
      decoded: mark?.text,
      fault: mark?.fault,
    })),
    undefined,
    2,
  );
}
