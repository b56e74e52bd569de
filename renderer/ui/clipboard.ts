import type { Notices } from '../state/notices.ts';

const SHOWN = 60;

/** Copies plain text and says so; a browser may refuse, and then that is said. */
export async function copyText(text: string, notices: Notices): Promise<void> {
  try {
    await navigator.clipboard.writeText(text);
    const line = text.split('\n', 1)[0];
    const shown = line.length > SHOWN ? `${line.slice(0, SHOWN)}…` : line;
    notices.show({ severity: 'ok', text: `Copied: ${shown}` });
  } catch {
    notices.show({
      severity: 'warning',
      text: 'The browser did not allow the copy. Click into the window and try once more.',
    });
  }
}
