import type { ReactNode } from 'react';
import { useState } from 'react';
import { strokeOf } from '../../keys.ts';

/** One line of TypeScript; its value is printed, and what it declares stays. */
export function Repl({
  history,
  disabled,
  onRun,
}: {
  readonly history: readonly string[];
  readonly disabled: boolean;
  readonly onRun: (line: string) => void;
}): ReactNode {
  const [text, setText] = useState('');
  /** Place in the history; its length is the line that is being typed. */
  const [at, setAt] = useState<number>();
  const show = (index: number): void => {
    setAt(index);
    setText(history[index] ?? '');
  };
  return (
    <div className="repl">
      <span className="muted mono" aria-hidden="true">
        ›
      </span>
      <input
        className="field"
        aria-label="One line of script"
        placeholder="units().map(u => u.name)"
        spellCheck={false}
        autoComplete="off"
        value={text}
        onChange={(event) => {
          setText(event.target.value);
          setAt(undefined);
        }}
        onKeyDown={(event) => {
          const stroke = strokeOf(event);
          const here = at ?? history.length;
          if (stroke === 'Enter') {
            if (disabled) return;
            onRun(text);
            setText('');
            setAt(undefined);
          } else if (stroke === 'Up' && here > 0) show(here - 1);
          else if (stroke === 'Down' && here < history.length) show(here + 1);
          else return;
          event.preventDefault();
          event.stopPropagation();
        }}
      />
    </div>
  );
}
