import type { ReactNode } from 'react';
import { useWorkbench } from '../state/context.ts';
import { useStore } from '../state/store.ts';
import { ConfirmDialog } from './ConfirmDialog.tsx';
import { ConnectDialog } from './ConnectDialog.tsx';
import { HelpDialog } from './HelpDialog.tsx';
import { LogDialog } from './LogDialog.tsx';
import { OpenDialog } from './OpenDialog.tsx';
import { RootDialog } from './RootDialog.tsx';
import { ScanDialog } from './ScanDialog.tsx';
import { PasteDialog } from './PasteDialog.tsx';
import { ReportDialog } from './ReportDialog.tsx';
import { SessionsDialog } from './SessionsDialog.tsx';

/** The dialog that is open, if one is. */
export function Dialogs(): ReactNode {
  const { dialog, confirm, locating } = useWorkbench();
  const wanted = useStore(locating);
  const name = useStore(dialog);
  const asked = useStore(confirm);
  const close = (): void => dialog.set(undefined);
  if (asked) return <ConfirmDialog request={asked} onClose={() => confirm.set(undefined)} />;
  switch (name) {
    case 'help':
      return <HelpDialog onClose={close} />;
    case 'open':
      return <OpenDialog onClose={close} />;
    case 'scan':
      return <ScanDialog onClose={close} />;
    case 'root':
      return <RootDialog onClose={close} />;
    case 'second':
      return <OpenDialog second onClose={close} />;
    case 'connect':
      return <ConnectDialog onClose={close} />;
    case 'paste':
      return <PasteDialog onClose={close} />;
    case 'log':
      return <LogDialog onClose={close} />;
    case 'locate':
      return wanted ? <OpenDialog onClose={close} locate={wanted} /> : null;
    case 'sessions':
      return <SessionsDialog onClose={close} />;
    case 'report':
      return <ReportDialog onClose={close} />;
    case undefined:
      return null;
  }
}
