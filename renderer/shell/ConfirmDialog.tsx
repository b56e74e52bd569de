import type { ReactNode } from 'react';
import { useEffect, useRef, useState } from 'react';
import { useAttempt } from '../engine/useAttempt.ts';
import type { ConfirmRequest } from '../state/workbench.ts';
import { Dialog } from '../ui/Dialog.tsx';
import { DialogButtons } from '../ui/DialogButtons.tsx';
import { ErrorBlock } from '../ui/ErrorBlock.tsx';

/** Asks before something is written to a target: its name has to be typed. */
export function ConfirmDialog({
  request,
  onClose,
}: {
  readonly request: ConfirmRequest;
  readonly onClose: () => void;
}): ReactNode {
  const [name, setName] = useState('');
  const { busy, failure, run } = useAttempt();
  const cancel = useRef<HTMLButtonElement>(null);
  const fits = name.trim() === request.target;
  useEffect(() => cancel.current?.focus(), []);
  const submit = (): void => {
    if (fits) run(() => request.run(name.trim()), onClose);
  };
  return (
    <Dialog
      title={request.title}
      onClose={onClose}
      onSubmit={submit}
      foot={
        <DialogButtons
          submit={request.button}
          disabled={busy || !fits}
          onClose={onClose}
          cancel={cancel}
        />
      }
    >
      {failure && <ErrorBlock failure={failure} />}
      <p className="second dialog-text">{request.text}</p>
      <label className="form-row">
        <span>
          Type <span className="mono">{request.target}</span>
        </span>
        <input
          className="field"
          aria-label="Name of the target"
          spellCheck={false}
          autoComplete="off"
          value={name}
          onChange={(event) => setName(event.target.value)}
        />
      </label>
    </Dialog>
  );
}
