import type { ReactNode } from 'react';
import { blamedFiles } from '../shell/sessions.ts';
import { useWorkbench } from '../state/context.ts';
import { useStore } from '../state/store.ts';
import { Empty } from '../ui/Panel.tsx';
import { notOpenedAgain } from '../wording.ts';

/** A panel that shows what is in a dump while none is open: why, and what opens one. */
export function NoDump({ text }: { readonly text: string }): ReactNode {
  const { session } = useWorkbench();
  const blamed = blamedFiles(useStore(session.info));
  if (blamed.length > 0)
    return <Empty text={notOpenedAgain(blamed)} action="target.reread" button="Read again" />;
  return <Empty text={text} action="target.open" button="Open a dump…" />;
}
