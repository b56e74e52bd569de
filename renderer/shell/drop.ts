import type { DragEvent } from 'react';
import { useState } from 'react';
import type { Workbench } from '../state/workbench.ts';
import { openDropped } from './files.ts';

interface Drop {
  readonly over: boolean;
  readonly handlers: {
    onDragOver: (event: DragEvent) => void;
    onDragLeave: (event: DragEvent) => void;
    onDrop: (event: DragEvent) => void;
  };
}

/** Takes files that are dropped anywhere on the window. */
export function useDrop(workbench: Workbench): Drop {
  const [over, setOver] = useState(false);
  const hasFiles = (event: DragEvent): boolean => event.dataTransfer.types.includes('Files');
  return {
    over,
    handlers: {
      onDragOver(event) {
        if (!hasFiles(event)) return;
        event.preventDefault();
        setOver(true);
      },
      onDragLeave(event) {
        if (event.currentTarget === event.target) setOver(false);
      },
      onDrop(event) {
        if (!hasFiles(event)) return;
        event.preventDefault();
        setOver(false);
        const files = [...event.dataTransfer.files];
        if (files.length > 0) void openDropped(workbench, files);
      },
    },
  };
}
