import type { ReactNode } from 'react';
import { useEffect, useRef, useState } from 'react';
import type { RegisterItem } from '../../../core/protocol/contract.ts';
import { padded } from '../../format/address.ts';
import { ABSENT } from '../../wording.ts';
import { readRegisterValue } from './model.ts';

/** Writes a register of a simulated unit: shown as old → new before it is sent. */
export function WriteForm({
  register,
  onCancel,
  onWrite,
}: {
  readonly register: RegisterItem;
  readonly onCancel: () => void;
  readonly onWrite: (value: string) => void;
}): ReactNode {
  const [text, setText] = useState(register.value ?? '0x0');
  const input = useRef<HTMLInputElement>(null);
  const value = readRegisterValue(text, register.width);
  useEffect(() => {
    input.current?.focus();
    input.current?.select();
  }, []);
  return (
    <form
      className="write-form"
      aria-label={`Write ${register.name}`}
      onSubmit={(event) => {
        event.preventDefault();
        if (value !== undefined) onWrite(value);
      }}
      onKeyDown={(event) => {
        if (event.key !== 'Escape') return;
        event.preventDefault();
        event.stopPropagation();
        onCancel();
      }}
    >
      <b className="mono">{register.name}</b>
      <input
        ref={input}
        className="field"
        aria-label={`New value of ${register.name}`}
        aria-invalid={value === undefined}
        spellCheck={false}
        value={text}
        onChange={(event) => setText(event.target.value)}
      />
      <span className="mono muted shrink">
        {register.value === undefined ? ABSENT : padded(register.value, register.width)} →{' '}
        <span className="diff">
          {value === undefined
            ? `${register.width} bits of hexadecimal`
            : padded(value, register.width)}
        </span>
      </span>
      <button type="submit" className="btn btn-primary" disabled={value === undefined}>
        Write
      </button>
      <button type="button" className="btn" onClick={onCancel}>
        Cancel
      </button>
    </form>
  );
}
