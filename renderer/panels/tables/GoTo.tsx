import type { ReactNode, RefObject } from 'react';
import { useEffect, useRef, useState } from 'react';
import { attempt } from '../../shell/actions.ts';
import { useWorkbench } from '../../state/context.ts';
import { findPlace, readPlace } from './go-to.ts';
import type { TreeModel } from './model.ts';

/** Takes the tree to a BDF, a device's address, a physical address, or a pasted link. */
export function GoTo({
  tree,
  field,
}: {
  readonly tree: TreeModel;
  readonly field: RefObject<HTMLInputElement | null>;
}): ReactNode {
  const workbench = useWorkbench();
  const [typed, setTyped] = useState('');
  const [problem, setProblem] = useState('');
  const asking = useRef<AbortController>(undefined);
  useEffect(() => () => asking.current?.abort(), []);

  const go = (): void => {
    asking.current?.abort();
    const place = readPlace(typed);
    if (!place) return setProblem(typed.trim() === '' ? '' : 'a BDF, an address or a link');
    setProblem('');
    const abort = new AbortController();
    asking.current = abort;
    const box = field.current?.getBoundingClientRect();
    const at = { x: box?.left ?? 200, y: (box?.bottom ?? 100) + 2 };
    attempt(workbench, findPlace(workbench, tree, place, { at, signal: abort.signal }), (found) =>
      setProblem(found ?? ''),
    );
  };
  return (
    <form
      className="tables-goto"
      onSubmit={(event) => {
        event.preventDefault();
        go();
      }}
    >
      <input
        ref={field}
        className="field"
        style={{ width: '100%' }}
        aria-label="Go to a BDF, an address or a link"
        aria-invalid={problem !== ''}
        title={problem === '' ? undefined : `Not found: ${problem}`}
        placeholder="BDF, address, link"
        spellCheck={false}
        value={typed}
        onChange={(event) => {
          setTyped(event.target.value);
          setProblem('');
        }}
        onKeyDown={(event) => {
          if (event.key === 'Escape') asking.current?.abort();
        }}
      />
      {problem !== '' && (
        <span role="alert" className="visually-hidden">
          Not found: {problem}
        </span>
      )}
    </form>
  );
}
