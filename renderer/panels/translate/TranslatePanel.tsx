import type { ReactNode } from 'react';
import { useWorkbench } from '../../state/context.ts';
import { useStore } from '../../state/store.ts';
import { ForwardPanel } from './ForwardPanel.tsx';
import { ReversePanel } from './ReversePanel.tsx';
import './translate.css';

/** From a device's address to memory by its walk, or from memory to all who reach it. */
export function TranslatePanel(): ReactNode {
  const { reverse } = useWorkbench();
  const { on } = useStore(reverse);
  const ways = (
    <button
      type="button"
      className="btn translate-way"
      aria-pressed={on}
      title="From a physical address to every device that maps it"
      onClick={() => reverse.set((old) => ({ ...old, on: !old.on }))}
    >
      Reverse
    </button>
  );
  return on ? <ReversePanel ways={ways} /> : <ForwardPanel ways={ways} />;
}
