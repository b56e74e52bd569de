import { Terminal } from '@xterm/xterm';
import { terminalTheme } from './theme.ts';

/** Private modes that make a terminal report clicks, moves and focus to the target. */
const REPORTING = new Set([9, 1000, 1001, 1002, 1003, 1004, 1005, 1006, 1015, 1016]);

/**
 * Keeps console text from making the terminal answer: what a target prints must never become
 * input to it. Swallows status, attribute and colour queries and the reporting modes.
 */
function guardTerminal(terminal: Terminal): void {
  const swallow = (): boolean => true;
  const { parser } = terminal;
  // Device status, device attributes, mode and settings queries.
  for (const prefix of ['', '?']) parser.registerCsiHandler({ prefix, final: 'n' }, swallow);
  for (const prefix of ['', '>', '=']) parser.registerCsiHandler({ prefix, final: 'c' }, swallow);
  for (const prefix of ['', '?'])
    parser.registerCsiHandler({ prefix, intermediates: '$', final: 'p' }, swallow);
  parser.registerDcsHandler({ intermediates: '$', final: 'q' }, swallow);
  parser.registerCsiHandler({ final: 't' }, swallow);
  // Title, colours, links, clipboard.
  for (const command of [0, 1, 2, 4, 8, 10, 11, 12, 52])
    parser.registerOscHandler(command, swallow);
  parser.registerCsiHandler({ prefix: '?', final: 'h' }, (params) =>
    params.some((param) => typeof param === 'number' && REPORTING.has(param)),
  );
}

/** A terminal that shows and never answers. @param scrollback rows that it keeps */
export function guardedTerminal(scrollback: number, fontFamily: string): Terminal {
  const terminal = new Terminal({
    fontFamily,
    fontSize: 12,
    lineHeight: 1.125,
    scrollback,
    convertEol: true,
    allowTransparency: true,
    theme: terminalTheme(),
    cursorBlink: false,
    linkHandler: { activate: () => {} },
  });
  guardTerminal(terminal);
  return terminal;
}
