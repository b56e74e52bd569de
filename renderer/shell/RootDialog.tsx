import type { ReactNode } from 'react';
import { useState } from 'react';
import type { RootKind } from '../../core/protocol/contract-scan.ts';
import { useAttempt } from '../engine/useAttempt.ts';
import { useWorkbench } from '../state/context.ts';
import { Dialog } from '../ui/Dialog.tsx';
import { DialogButtons } from '../ui/DialogButtons.tsx';
import { ErrorBlock } from '../ui/ErrorBlock.tsx';

const KINDS: readonly (readonly [RootKind, string])[] = [
  ['root-table', 'VT-d root table, legacy mode'],
  ['scalable-root-table', 'VT-d root table, scalable mode'],
  ['device-table', 'AMD-Vi device table'],
];
/** Entries of a device table for every requester of a segment (48882 §2.2.2). */
const ALL_REQUESTERS = 65_536;

/** Takes a table at an address as a unit's, where neither kernel nor registers say where it is. */
export function RootDialog({ onClose }: { readonly onClose: () => void }): ReactNode {
  const { engine, dock } = useWorkbench();
  const [kind, setKind] = useState<RootKind>('root-table');
  const [text, setText] = useState('');
  const [entries, setEntries] = useState(ALL_REQUESTERS);
  const { busy, failure, run } = useAttempt();
  const address = readAddress(text);
  const submit = (): void => {
    if (address === undefined) return;
    const given = { kind, address, entries: kind === 'device-table' ? entries : undefined };
    run(
      () => engine.call('tables.give', given),
      () => {
        onClose();
        dock.open('tables');
      },
    );
  };
  return (
    <Dialog
      title="Give a root table address"
      onClose={onClose}
      onSubmit={submit}
      foot={
        <DialogButtons submit="Use it" disabled={busy || address === undefined} onClose={onClose} />
      }
    >
      {failure && <ErrorBlock failure={failure} />}
      <label className="form-row">
        <span>Address</span>
        <input
          className="field"
          placeholder="0x25d1000"
          aria-invalid={text.trim() !== '' && address === undefined}
          spellCheck={false}
          value={text}
          onChange={(event) => setText(event.target.value)}
          autoFocus
        />
      </label>
      <label className="form-row">
        <span>What it is</span>
        <select
          className="field"
          value={kind}
          onChange={(event) => {
            const chosen = KINDS.find(([id]) => id === event.target.value);
            if (chosen) setKind(chosen[0]);
          }}
        >
          {KINDS.map(([id, title]) => (
            <option key={id} value={id}>
              {title}
            </option>
          ))}
        </select>
      </label>
      {kind === 'device-table' && (
        <label className="form-row">
          <span>Entries</span>
          <input
            className="field"
            type="number"
            min={1}
            max={ALL_REQUESTERS}
            value={entries}
            onChange={(event) =>
              setEntries(Math.min(ALL_REQUESTERS, Math.max(1, Number(event.target.value) || 1)))
            }
          />
        </label>
      )}
      <p className="hint-line">
        The kernel prints it at boot, and RTADDR (VT-d) or the Device Table Base Address Register
        (AMD-Vi) holds it.
      </p>
    </Dialog>
  );
}

/** `25d1000` and `0x25D1000` as the contract writes them; undefined for anything else. */
function readAddress(text: string): string | undefined {
  const digits = /^\s*(?:0x)?([0-9a-f]{1,13})\s*$/i.exec(text)?.[1];
  return digits === undefined ? undefined : `0x${BigInt(`0x${digits}`).toString(16)}`;
}
