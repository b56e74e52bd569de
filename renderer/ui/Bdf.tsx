import type { ReactNode } from 'react';
import { idTip } from '../format/bdf.ts';
import { useWorkbench } from '../state/context.ts';
import { useStore } from '../state/store.ts';

/** A device's BDF, with the number that hardware knows it by as its tip. */
export function Bdf({ bdf }: { readonly bdf: string }): ReactNode {
  const { session } = useWorkbench();
  const units = useStore(session.info, (info) => info?.units);
  return <span title={idTip(bdf, units)}>{bdf}</span>;
}
