import type { ReactNode } from 'react';
import { useEffect, useRef, useState } from 'react';
import { formatCount } from '../../../core/format/size.ts';
import type { Space } from '../../../core/protocol/contract-memory.ts';
import { hex } from '../../../core/format/hex.ts';
import { asFailure, isCancelled } from '../../engine/failure.ts';
import { useWorkbench } from '../../state/context.ts';

type Kind = 'bytes' | 'text' | 'u64';

const PLACEHOLDERS: Readonly<Record<Kind, string>> = {
  bytes: 'de ad be ef',
  text: 'Linux version',
  u64: '0xffff888000000000',
};

/** Looks for bytes, a text or a 64-bit word from where the view is; pieces of a second, one by one. */
export function FindBar({
  unit,
  space,
  from,
  onFound,
}: {
  readonly unit: string | undefined;
  /** Whose addresses are searched: physical memory where it is left out. */
  readonly space: Space | undefined;
  readonly from: bigint;
  readonly onFound: (address: bigint, length: number) => void;
}): ReactNode {
  const { engine } = useWorkbench();
  const [kind, setKind] = useState<Kind>('text');
  const [value, setValue] = useState('');
  const [said, setSaid] = useState('');
  const [busy, setBusy] = useState(false);
  const last = useRef<{ readonly key: string; readonly at: bigint }>(undefined);
  const asking = useRef<AbortController>(undefined);
  useEffect(() => () => asking.current?.abort(), []);

  const search = async (signal: AbortSignal): Promise<void> => {
    const key = JSON.stringify([kind, value, space]);
    // The same again goes on behind what was found.
    const again = last.current?.key === key ? last.current.at + 1n : undefined;
    let next: string | undefined = hex(again ?? from);
    let pages = 0;
    let unknown = 0;
    while (next !== undefined) {
      const answer: Awaited<ReturnType<typeof ask>> = await ask(next, signal);
      pages += answer.pages;
      unknown += answer.unknown;
      const [found] = answer.found;
      if (found !== undefined) {
        last.current = { key, at: BigInt(found) };
        onFound(BigInt(found), answer.length);
        return setSaid(`Found at ${found}`);
      }
      next = answer.next;
      if (next !== undefined) setSaid(`Searching at ${next}… ${formatCount(pages)} pages`);
    }
    last.current = { key, at: -1n };
    const gaps = unknown > 0 ? `, ${formatCount(unknown)} of them not known` : '';
    setSaid(
      `Not found up to the end: ${formatCount(pages)} pages${gaps}. Enter searches from the start.`,
    );
  };
  const ask = (at: string, signal: AbortSignal) =>
    engine.call('memory.search', { unit, space, kind, value, from: at, most: 1 }, signal);
  const run = (): void => {
    asking.current?.abort();
    const abort = new AbortController();
    asking.current = abort;
    setBusy(true);
    setSaid('Searching…');
    search(abort.signal)
      .catch((error: unknown) => {
        if (isCancelled(error)) setSaid('Stopped.');
        else setSaid(asFailure(error).happened);
      })
      .finally(() => {
        if (asking.current === abort) setBusy(false);
      });
  };

  return (
    <form
      className="bar memory-find"
      onSubmit={(event) => {
        event.preventDefault();
        run();
      }}
    >
      <select
        className="field"
        aria-label="What to look for"
        value={kind}
        onChange={(event) => setKind(event.target.value as Kind)}
      >
        <option value="text">Text</option>
        <option value="bytes">Bytes</option>
        <option value="u64">u64</option>
      </select>
      <input
        className="field"
        aria-label="Look for"
        placeholder={PLACEHOLDERS[kind]}
        spellCheck={false}
        value={value}
        onChange={(event) => setValue(event.target.value)}
      />
      {busy ? (
        <button type="button" className="btn" onClick={() => asking.current?.abort()}>
          Stop
        </button>
      ) : (
        <button type="submit" className="btn" disabled={value === ''}>
          Find next
        </button>
      )}
      <span className="muted shrink" role="status">
        {said}
      </span>
    </form>
  );
}
