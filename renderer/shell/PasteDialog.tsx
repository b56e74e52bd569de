import type { ReactNode } from 'react';
import { useState } from 'react';
import { useWorkbench } from '../state/context.ts';
import { Dialog } from '../ui/Dialog.tsx';
import { DialogButtons } from '../ui/DialogButtons.tsx';
import { attempt, opened } from './actions.ts';

/** Takes a log, a register file or a debugfs text from the clipboard. */
export function PasteDialog({ onClose }: { readonly onClose: () => void }): ReactNode {
  const workbench = useWorkbench();
  const [text, setText] = useState('');
  const submit = (): void => {
    if (text.trim() === '') return;
    onClose();
    attempt(
      workbench,
      workbench.engine.call('session.openText', {
        name: 'pasted text',
        text,
        add: workbench.session.takesMore,
      }),
      (info) => opened(workbench, info),
    );
  };
  return (
    <Dialog
      title="Paste a log"
      onClose={onClose}
      onSubmit={submit}
      foot={<DialogButtons submit="Read it" disabled={text.trim() === ''} onClose={onClose} />}
    >
      <p className="second">
        Any kernel log, a file of register values, or debugfs text. What it is, is found from its
        content.
      </p>
      <textarea
        className="field"
        style={{ height: 240, width: 640, resize: 'vertical', lineHeight: '16px' }}
        aria-label="Text"
        spellCheck={false}
        value={text}
        onChange={(event) => setText(event.target.value)}
        // The dialog opens for this field alone.
        autoFocus
      />
    </Dialog>
  );
}
