import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import type { EngineClient } from '../core/protocol/client.ts';
import { Connection } from './engine/connection.ts';
import { registerActions } from './shell/actions.ts';
import { App } from './shell/App.tsx';
import { registerAgainstAction } from './shell/against.ts';
import { registerDriving } from './shell/drive.ts';
import { followShell, registerFileActions } from './shell/files.ts';
import { followHash } from './shell/hash.ts';
import { registerMemoryAction } from './shell/heap.ts';
import { registerJobActions } from './shell/jobs.ts';
import { registerWindowAction } from './shell/own-window.ts';
import { registerSessionActions } from './shell/sessions.ts';
import { followSession } from './state/opening.ts';
import { loadOwnKeys } from './state/own-keys.ts';
import { onlyPanel, shareSelection } from './state/windows.ts';
import type { Workbench } from './state/workbench.ts';
import { createWorkbench } from './state/workbench.ts';

/** Puts the window into an element, over a road to an engine. */
export function mount(
  element: Element | null,
  open: () => Promise<EngineClient>,
): Workbench | undefined {
  if (!element) return undefined;
  const workbench = createWorkbench(new Connection(open));
  registerActions(workbench);
  registerDriving(workbench);
  registerFileActions(workbench);
  registerAgainstAction(workbench);
  registerSessionActions(workbench);
  registerJobActions(workbench);
  registerMemoryAction(workbench);
  registerWindowAction(workbench);
  shareSelection(workbench.selection, onlyPanel());
  loadOwnKeys(workbench);
  workbench.keyboard.listen(globalThis.window);
  workbench.writes.watch(globalThis.window);
  followSession(workbench);
  followHash(workbench);
  followShell(workbench);
  createRoot(element).render(
    <StrictMode>
      <App workbench={workbench} />
    </StrictMode>,
  );
  return workbench;
}
