import type { ReactNode } from 'react';
import { useEffect, useRef, useState } from 'react';
import { findNamed, TypeAhead } from './type-ahead.ts';

/** The key that asks for a name, as it comes. */
const ASKS = ',';

/** How long a name waits for the first rows of a list, ms. */
const ROWLESS = 10_000;

interface Named {
  readonly label: string;
  readonly count: number;
  readonly nameOf?: (index: number) => string | undefined;
  readonly onFind?: (text: string, fresh: boolean) => Promise<boolean>;
  readonly onSelect: (index: number) => void;
}

/** What a list does about names that are typed into it. */
export interface Typing {
  /** Takes a stroke as part of the name that is being typed. @returns whether it is one */
  readonly continues: (typed: string, at: number) => boolean;
  /** Takes a stroke that the list knows no other use for. @returns whether a name begins with it */
  readonly begins: (typed: string, stroke: string | undefined, at: number) => boolean;
  readonly end: () => void;
  /** What was typed, for the eye and the ear; nothing while no name is typed. */
  readonly shown: ReactNode;
}

/** Leads to rows by their names as they are typed. */
export function useTyping(list: Named): Typing {
  const [ahead] = useState(() => new TypeAhead());
  const [typed, setTyped] = useState<{ readonly text: string; readonly found: boolean }>();
  const able = list.nameOf !== undefined || list.onFind !== undefined;
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  useEffect(() => () => clearTimeout(timer.current), []);

  const end = (): void => {
    ahead.end();
    clearTimeout(timer.current);
    setTyped(undefined);
  };
  const show = (text: string, found: boolean): void => {
    setTyped({ text, found });
    clearTimeout(timer.current);
    timer.current = setTimeout(end, list.count === 0 ? ROWLESS : ahead.patience);
  };
  const find = (text: string, at: number): void => {
    show(text, true);
    if (text === '') return;
    // While the name grows, the row that has it so far may stay.
    const fresh = text.length === 1;
    if (list.onFind) {
      void list.onFind(text, fresh).then((found) => {
        setTyped((now) => (now?.text === text ? { text, found } : now));
      });
      return;
    }
    const from =
      list.count === 0 ? 0 : (Math.max(0, at + (fresh ? 1 : 0)) + list.count) % list.count;
    const found = findNamed(list.count, from, text, (index) => list.nameOf?.(index));
    if (found >= 0 && found !== at) list.onSelect(found);
    show(text, found >= 0);
  };
  // A name may be typed before the rows are there: it is looked for again when they come.
  const looked = useRef(list.count);
  useEffect(() => {
    if (looked.current === list.count) return;
    looked.current = list.count;
    // Rows come from outside: once for each count of them the answer is another.
    // oxlint-disable-next-line react/set-state-in-effect
    if (typed && !typed.found && typed.text !== '') find(typed.text, -1);
  });
  const take = (stroke: string, at: number): boolean => {
    const text = ahead.take(stroke, performance.now());
    if (text !== undefined) find(text, at);
    return text !== undefined;
  };

  return {
    continues: (stroke, at) => {
      if (!able || !ahead.going(performance.now())) return false;
      if (take(stroke, at)) return true;
      end();
      return stroke === 'Esc';
    },
    begins: (stroke, usual, at) => {
      if (!able) return false;
      if (usual !== ASKS) return take(stroke, at);
      ahead.begin(performance.now());
      show('', true);
      return true;
    },
    end,
    shown: typed && (
      <span className="rows-typed" role="status">
        {typed.text === '' ? `Name of a row in ${list.label}` : typed.text}
        {!typed.found && <span className="muted"> · no row begins so</span>}
      </span>
    ),
  };
}
