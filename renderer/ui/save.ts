import { bridge } from '../engine/road.ts';
import type { Notices } from '../state/notices.ts';

/** Keeps the browser's copy of a download until it has surely been taken, ms. */
const KEEP = 60_000;

/**
 * Gives a text to the person as a file: the system's save dialog where there is one, else a
 * download of the browser.
 */
export async function saveText(
  name: string,
  text: string,
  type: string,
  notices: Notices,
): Promise<void> {
  const shell = bridge();
  if (!shell) {
    download(name, text, type);
    notices.show({ severity: 'ok', text: `Saved: ${name}` });
    return;
  }
  try {
    const path = await shell.saveFile(name, text);
    if (path !== undefined) notices.show({ severity: 'ok', text: `Saved: ${path}` });
  } catch (error) {
    notices.show({
      severity: 'error',
      text: `${name} could not be written: ${error instanceof Error ? error.message : String(error)}. Nothing was saved. Choose another folder.`,
    });
  }
}

function download(name: string, text: string, type: string): void {
  const url = URL.createObjectURL(new Blob([text], { type: `${type};charset=utf-8` }));
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), KEEP);
}

/** A name that any system takes: letters, digits, dots and dashes. */
export function fileName(...parts: readonly string[]): string {
  return parts
    .join('-')
    .replace(/[^\w.-]+/g, '-')
    .replace(/^[-.]+|-+$/g, '')
    .slice(0, 120)
    .toLowerCase();
}
