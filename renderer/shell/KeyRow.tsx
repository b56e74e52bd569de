import type { KeyboardEvent, ReactNode } from 'react';
import { useEffect, useRef, useState } from 'react';
import { keymap } from '../keymap.ts';
import type { LiveBinding } from '../keymap.ts';
import { strokeOf } from '../keys.ts';
import { Keys } from '../ui/Keys.tsx';

interface KeyRowProps {
  readonly binding: LiveBinding;
  /** The next strokes are this binding's new keys. */
  readonly changing: boolean;
  readonly onBegin: () => void;
  /** The new keys; absent: it keeps those that it has. */
  readonly onEnd: (keys: string | undefined) => void;
}

/** A key of the sheet with what it does; the key itself is the button that changes it. */
export function KeyRow({ binding, changing, onBegin, onEnd }: KeyRowProps): ReactNode {
  const { keys, usual, text } = binding;
  const button = useRef<HTMLButtonElement>(null);
  const was = useRef(changing);
  useEffect(() => {
    if (was.current && !changing) button.current?.focus();
    was.current = changing;
  }, [changing]);
  return (
    <div className={keys === usual ? undefined : 'is-own'}>
      <dt>
        {changing ? (
          <Recorder binding={binding} onEnd={onEnd} />
        ) : (
          <button ref={button} type="button" className="key-button" onClick={onBegin}>
            <span aria-hidden="true">
              <Keys keys={keys} />
            </span>
            <span className="visually-hidden">{`${keys}, ${text}. Change`}</span>
          </button>
        )}
      </dt>
      <dd>{text}</dd>
      {keys !== usual && (
        <dd>
          <button
            type="button"
            className="link"
            aria-label={`Reset ${text} to ${usual}`}
            onClick={() => onEnd(usual)}
          >
            Reset to {usual}
          </button>
        </dd>
      )}
    </div>
  );
}

/** Waits for the new keys: one stroke, or a leader and another. */
function Recorder({ binding, onEnd }: Pick<KeyRowProps, 'binding' | 'onEnd'>): ReactNode {
  const box = useRef<HTMLInputElement>(null);
  const [leader, setLeader] = useState<string>();
  useEffect(() => box.current?.focus(), []);
  const onKeyDown = (event: KeyboardEvent): void => {
    const stroke = strokeOf(event);
    if (stroke === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    // Esc changes nothing; it can't be given to anything else.
    if (stroke === 'Esc') onEnd(undefined);
    else if (leader !== undefined) onEnd(`${leader} ${stroke}`);
    else if (binding.scope === 'global' && keymap.get().leaders.has(stroke)) setLeader(stroke);
    else onEnd(stroke);
  };
  return (
    <input
      ref={box}
      className="field key-recorder"
      readOnly
      aria-label={`New key for ${binding.text}. Esc keeps ${binding.keys}`}
      value={leader === undefined ? 'Press a key' : `${leader} …`}
      onKeyDown={onKeyDown}
      onBlur={() => onEnd(undefined)}
    />
  );
}
