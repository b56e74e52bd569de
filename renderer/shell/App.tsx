import type { ReactNode } from 'react';
import { Start } from '../panels/start/Start.tsx';
import { WorkbenchContext } from '../state/context.ts';
import { useStore } from '../state/store.ts';
import type { Workbench } from '../state/workbench.ts';
import { MenuHost } from '../ui/Menu.tsx';
import { Dialogs } from './Dialogs.tsx';
import { Dock } from './Dock.tsx';
import { useDrop } from './drop.ts';
import { LeaderList } from './LeaderList.tsx';
import { NoticeBar } from './NoticeBar.tsx';
import { onlyPanel } from '../state/windows.ts';
import { Rail } from './Rail.tsx';
import { StatusBar } from './StatusBar.tsx';
import { Toolbar } from './Toolbar.tsx';
import './app.css';

/** The whole window. */
export function App({ workbench }: { readonly workbench: Workbench }): ReactNode {
  return (
    <WorkbenchContext value={workbench}>
      <Shell workbench={workbench} />
    </WorkbenchContext>
  );
}

function Shell({ workbench }: { readonly workbench: Workbench }): ReactNode {
  const { session, start, ready } = workbench;
  const empty = useStore(session.info, (info) => info?.empty ?? true);
  const known = useStore(session.info, (info) => info !== undefined);
  const starting = useStore(start);
  const mayShow = useStore(ready);
  const drop = useDrop(workbench);
  // A window beside the main one shows one panel, and what its keys open.
  const beside = onlyPanel() !== undefined;

  return (
    <div
      className={`shell ${drop.over ? 'is-drop' : ''} ${beside ? 'is-beside' : ''}`}
      {...drop.handlers}
    >
      {!beside && <Toolbar />}
      {!beside && <Rail />}
      {!beside && (starting || empty) ? known && <Start /> : mayShow && <Dock />}
      <NoticeBar />
      <StatusBar />
      <LeaderList />
      <MenuHost />
      <Dialogs />
      {drop.over && (
        <div className="drop-words" role="status">
          Drop to open: vmcore, raw memory, console log or session
        </div>
      )}
    </div>
  );
}
