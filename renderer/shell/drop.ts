import type { DragEvent } from 'react';
import { useState } from 'react';
import type { Workbench } from '../state/workbench.ts';
import { attempt, opened } from './actions.ts';

/** Bytes of a dropped text, at most: the contract's own limit. */
const LARGEST = 32 << 20;
const LOOKED_AT = 4096;

interface Drop {
  readonly over: boolean;
  readonly handlers: {
    onDragOver: (event: DragEvent) => void;
    onDragLeave: (event: DragEvent) => void;
    onDrop: (event: DragEvent) => void;
  };
}

/** Takes text files that are dropped anywhere on the window. */
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
        const [file] = event.dataTransfer.files;
        if (file) void openDropped(workbench, file);
      },
    },
  };
}

async function openDropped(workbench: Workbench, file: File): Promise<void> {
  const { notices, engine, session } = workbench;
  const head = new Uint8Array(await file.slice(0, LOOKED_AT).arrayBuffer());
  if (head.includes(0) || file.size > LARGEST) {
    notices.show({
      severity: 'warning',
      text: `${file.name} is not a text of at most 32 MiB. A dump is read where it lies: open it with T D.`,
    });
    return;
  }
  // Bytes as they are: consoles hold more than UTF-8.
  const text = new TextDecoder('latin1').decode(await file.arrayBuffer());
  attempt(
    workbench,
    engine.call('session.openText', { name: file.name, text, add: !session.empty }),
    (info) => opened(workbench, info),
  );
}
