import { createContext, useContext } from 'react';
import type { Workbench } from './workbench.ts';

export const WorkbenchContext = createContext<Workbench | undefined>(undefined);

/** The window's state and its engine. */
export function useWorkbench(): Workbench {
  const workbench = useContext(WorkbenchContext);
  if (!workbench) throw new Error('a panel stands outside the workbench');
  return workbench;
}
