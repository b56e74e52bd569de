import type { ReactNode } from 'react';
import { useEffect, useState } from 'react';
import { formatCount } from '../../../core/format/size.ts';
import type { CallAnswer } from '../../../core/protocol/contract.ts';
import { attempt } from '../../shell/actions.ts';
import { goTo } from '../../shell/go.ts';
import { useWorkbench } from '../../state/context.ts';
import { MenuButton } from '../../ui/MenuButton.tsx';
import type { TreeModel } from './model.ts';

/** Entries that the menu lists. */
const LISTED = 20;

/** The entries that changed since the tree showed them first, each leading to its row. */
export function SinceLook({ tree }: { readonly tree: TreeModel }): ReactNode {
  const workbench = useWorkbench();
  const { version } = workbench.session;
  const [answer, setAnswer] = useState<CallAnswer<'tree.changes'>>();
  useEffect(() => {
    let abort = new AbortController();
    const ask = (): void => {
      abort.abort();
      const { signal } = (abort = new AbortController());
      tree.changes(signal).then(
        (changes) => {
          if (!signal.aborted) setAnswer(changes);
        },
        () => {
          // The tree's own failure shows in its place.
        },
      );
    };
    ask();
    const stop = version.subscribe(ask);
    return () => {
      stop();
      abort.abort();
    };
  }, [tree, version]);
  if (!answer || answer.total === 0) return null;
  const { total, changes } = answer;
  return (
    <MenuButton
      label="Changed since the last look"
      className="btn diff"
      items={() => [
        ...changes.slice(0, LISTED).map(({ path, was }) => ({
          title: path,
          detail: was,
          run: () => goTo(workbench, path, { focus: true, from: 'changes' }),
        })),
        {
          title: total > LISTED ? `All ${formatCount(total)} are seen` : 'All are seen',
          run: () => attempt(workbench, tree.seen(), () => setAnswer(undefined)),
        },
      ]}
    >
      Δ {formatCount(total)} changed ▾
    </MenuButton>
  );
}
