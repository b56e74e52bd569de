import type { ReactNode, Ref } from 'react';

interface DialogButtonsProps {
  /** What the dialog does. */
  readonly submit: string;
  readonly disabled: boolean;
  readonly onClose: () => void;
  /** Other ways to do it. */
  readonly children?: ReactNode;
  readonly cancel?: Ref<HTMLButtonElement>;
}

/** The foot of a dialog that does one thing: Cancel, and the button that does it. */
export function DialogButtons({
  submit,
  disabled,
  onClose,
  children,
  cancel,
}: DialogButtonsProps): ReactNode {
  return (
    <>
      <button type="button" className="btn" ref={cancel} onClick={onClose}>
        Cancel
      </button>
      {children}
      <button type="submit" className="btn btn-primary" disabled={disabled}>
        {submit}
      </button>
    </>
  );
}
