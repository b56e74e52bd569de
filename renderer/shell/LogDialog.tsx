import type { ReactNode } from 'react';
import { useState } from 'react';
import { useAttempt } from '../engine/useAttempt.ts';
import { useCall } from '../engine/useCall.ts';
import { useWorkbench } from '../state/context.ts';
import { Dialog } from '../ui/Dialog.tsx';
import { DialogButtons } from '../ui/DialogButtons.tsx';
import { ErrorBlock } from '../ui/ErrorBlock.tsx';
import { canLog, consoleFor } from './drive.ts';

/** Asks where everything that a console says is to be written. */
export function LogDialog({ onClose }: { readonly onClose: () => void }): ReactNode {
  const workbench = useWorkbench();
  const [console] = useState(() => consoleFor(workbench, canLog));
  const offered = useCall('console.logPath', console && { console: console.id }, false);
  const [typed, setTyped] = useState<string>();
  const [all, setAll] = useState(true);
  const { busy, failure, run } = useAttempt();
  const path = typed ?? offered.value?.path ?? '';
  const submit = (): void => {
    if (!console || path === '') return;
    const start = { action: 'start', console: console.id, path, all } as const;
    run(() => workbench.engine.call('console.log', start), onClose);
  };
  return (
    <Dialog
      title={`Log ${console?.name ?? ''} to a file`}
      onClose={onClose}
      onSubmit={submit}
      foot={<DialogButtons submit="Log" disabled={busy || path === ''} onClose={onClose} />}
    >
      {failure && <ErrorBlock failure={failure} />}
      <label className="form-row">
        <span>File</span>
        <input
          className="field"
          style={{ width: '100%' }}
          aria-label="Log file"
          spellCheck={false}
          value={path}
          onChange={(event) => setTyped(event.target.value)}
          autoFocus
        />
      </label>
      <label className="form-row">
        <span>From</span>
        <span>
          <input type="checkbox" checked={all} onChange={(event) => setAll(event.target.checked)} />{' '}
          What it has said so far comes first
        </span>
      </label>
    </Dialog>
  );
}
