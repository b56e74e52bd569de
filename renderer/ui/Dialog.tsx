import type { ReactNode } from 'react';
import { useEffect, useRef } from 'react';

interface DialogProps {
  readonly title: string;
  readonly children: ReactNode;
  readonly foot?: ReactNode;
  readonly onClose: () => void;
  readonly onSubmit?: () => void;
}

/** A modal dialog; Esc closes it and the focus goes back to where it was. */
export function Dialog({ title, children, foot, onClose, onSubmit }: DialogProps): ReactNode {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    const opener = document.activeElement;
    const element = dialog.current;
    element?.showModal();
    // A field that asks for the focus has it; else the dialog, not its last button.
    if (element && !element.querySelector('input:focus, textarea:focus')) element.focus();
    return () => {
      element?.close();
      if (opener instanceof HTMLElement && opener.isConnected) opener.focus();
    };
  }, []);
  return (
    <dialog
      ref={dialog}
      className="dialog"
      tabIndex={-1}
      aria-label={title}
      onCancel={(event) => {
        event.preventDefault();
        onClose();
      }}
      onKeyDown={(event) => event.stopPropagation()}
    >
      <form
        onSubmit={(event) => {
          event.preventDefault();
          onSubmit?.();
        }}
      >
        <h2>{title}</h2>
        <div className="dialog-body">{children}</div>
        {foot && <div className="dialog-foot">{foot}</div>}
      </form>
    </dialog>
  );
}
