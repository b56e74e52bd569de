import { PANEL_PARAMETER } from '../../core/protocol/shell.ts';
import { kindOf } from '../panels/registry.ts';
import type { Selection, SelectionBus } from './selection.ts';

/** Where the windows of one app tell each other what is selected. */
const CHANNEL = 'faultline.selection';

/** Who publishes a selection that another window made. */
const OTHER = 'window';

/** The one panel that this window shows beside the main one; undefined in the main window. */
export function onlyPanel(search = globalThis.location.search): string | undefined {
  const id = new URLSearchParams(search).get(PANEL_PARAMETER) ?? undefined;
  return id !== undefined && kindOf(id) ? id : undefined;
}

/** One selection drives the panels of all windows. @returns a function that ends it */
export function shareSelection(
  bus: SelectionBus,
  only: string | undefined,
  channel = new BroadcastChannel(CHANNEL),
): () => void {
  const tell = (): void => channel.postMessage({ selection: bus.current });
  const stop = bus.store.subscribe(() => {
    if (bus.current.from !== OTHER) tell();
  });
  channel.addEventListener('message', ({ data }: MessageEvent<{ selection?: Selection }>) => {
    if (data.selection) bus.publish({ ...data.selection, from: OTHER });
    // A window that has just opened asks what is selected; the main one knows.
    else if (only === undefined) tell();
  });
  if (only !== undefined) channel.postMessage({});
  return () => {
    stop();
    channel.close();
  };
}
