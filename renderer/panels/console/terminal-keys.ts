import type { Terminal } from '@xterm/xterm';
import { bridge } from '../../engine/road.ts';
import { strokeIn } from '../../keymap.ts';
import { strokeOf } from '../../keys.ts';
import type { Notices } from '../../state/notices.ts';
import { copyText } from '../../ui/clipboard.ts';

/**
 * Keys of a console that are the window's own: copy, paste, scroll back. The desktop shell adds
 * the usual strokes of terminals, which browsers keep for themselves.
 * @param scroll moves by pages of the screen
 * @returns whether the key was taken
 */
export function consoleKey(
  event: KeyboardEvent,
  terminal: Terminal,
  notices: Notices,
  scroll: (pages: number) => void,
): boolean {
  if (event.type !== 'keydown') return false;
  const stroke = strokeOf(event);
  const usual = strokeIn(event, 'console');
  const alias = bridge() === undefined ? undefined : stroke;
  if (usual === 'Ctrl+Insert' || alias === 'Ctrl+Shift+C') {
    const text = terminal.getSelection();
    if (text !== '') void copyText(text, notices);
  } else if (usual === 'Shift+Insert' || alias === 'Ctrl+Shift+V') {
    // The browser pastes by its own stroke without being asked for leave.
    if (stroke === 'Shift+Insert') return false;
    navigator.clipboard.readText().then(
      (text) => terminal.paste(text),
      () =>
        notices.show({
          severity: 'warning',
          text: 'The browser did not allow the paste. Shift+Insert is its own key for it.',
        }),
    );
  } else if (usual === 'Shift+PgUp') scroll(-1);
  else if (usual === 'Shift+PgDn') scroll(1);
  else return false;
  event.preventDefault();
  event.stopPropagation();
  return true;
}
