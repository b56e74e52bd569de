import type { ITheme } from '@xterm/xterm';
import { token } from '../../ui/colours.ts';

/** The terminal's colours from the tokens; its ground is clear, so that tinted rows show. */
export function terminalTheme(): ITheme {
  const [red, green, yellow, blue, magenta, cyan] = ['err', 'ok', 'warn', 'accent', 'wr', 'rd'].map(
    token,
  );
  return {
    background: '#00000000',
    foreground: token('fg0'),
    cursor: token('fg2'),
    cursorAccent: token('bg1'),
    selectionBackground: `${token('accent')}55`,
    black: token('fg2'),
    red,
    green,
    yellow,
    blue,
    magenta,
    cyan,
    white: token('fg1'),
    brightBlack: token('dim'),
    brightRed: red,
    brightGreen: green,
    brightYellow: yellow,
    brightBlue: blue,
    brightMagenta: magenta,
    brightCyan: cyan,
    brightWhite: token('fg0'),
  };
}
