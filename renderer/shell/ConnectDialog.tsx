import type { ReactNode } from 'react';
import { useState } from 'react';
import { useCall } from '../engine/useCall.ts';
import { useWorkbench } from '../state/context.ts';
import { Dialog } from '../ui/Dialog.tsx';
import { ErrorBlock } from '../ui/ErrorBlock.tsx';
import type { WireFailure } from '../../core/protocol/wire.ts';
import { asFailure } from '../engine/failure.ts';

const BAUDS = [9600, 19_200, 38_400, 57_600, 115_200, 230_400, 460_800, 921_600, 1_500_000];

type Parity = 'none' | 'even' | 'odd';

/** Opens a serial console. */
export function ConnectDialog({ onClose }: { readonly onClose: () => void }): ReactNode {
  const { engine, dock, start, selection } = useWorkbench();
  const ports = useCall('serial.ports', {}, false);
  const [path, setPath] = useState('');
  const [baud, setBaud] = useState(115_200);
  const [parity, setParity] = useState<Parity>('none');
  const [dataBits, setDataBits] = useState<7 | 8>(8);
  const [typing, setTyping] = useState(false);
  const [failure, setFailure] = useState<WireFailure>();
  const [busy, setBusy] = useState(false);
  const chosen = path === '' ? (ports.value?.ports[0]?.path ?? '') : path;

  const submit = (): void => {
    if (chosen === '' || busy) return;
    setBusy(true);
    setFailure(undefined);
    engine
      .call('console.connect', {
        kind: 'serial',
        path: chosen,
        baud,
        dataBits,
        parity,
        stopBits: 1,
        typing,
      })
      .then(
        ({ console }) => {
          onClose();
          start.set(false);
          selection.publish({ console, from: 'connect' });
          dock.open(`console:${console}`);
        },
        (error: unknown) => {
          setBusy(false);
          setFailure(asFailure(error));
        },
      );
  };

  return (
    <Dialog
      title="Connect to a serial console"
      onClose={onClose}
      onSubmit={submit}
      foot={
        <>
          <button type="button" className="btn" onClick={onClose}>
            Cancel
          </button>
          <button type="submit" className="btn btn-primary" disabled={chosen === '' || busy}>
            Connect
          </button>
        </>
      }
    >
      {failure && <ErrorBlock failure={failure} />}
      <label className="form-row">
        <span>Port</span>
        <span>
          <input
            className="field"
            style={{ width: '100%' }}
            list="serial-ports"
            value={path}
            placeholder={chosen === '' ? '/dev/ttyUSB0' : chosen}
            onChange={(event) => setPath(event.target.value)}
            spellCheck={false}
            autoFocus
          />
          <datalist id="serial-ports">
            {ports.value?.ports.map((port) => (
              <option key={port.path} value={port.path}>
                {port.name}
              </option>
            ))}
          </datalist>
        </span>
      </label>
      {ports.value && ports.value.ports.length === 0 && (
        <p className="hint-line">
          No serial port was found{ports.value.note === undefined ? '.' : `: ${ports.value.note}`} A
          path can be typed.
        </p>
      )}
      <label className="form-row">
        <span>Speed, baud</span>
        <select
          className="field"
          value={baud}
          onChange={(event) => setBaud(Number(event.target.value))}
        >
          {BAUDS.map((each) => (
            <option key={each} value={each}>
              {each}
            </option>
          ))}
        </select>
      </label>
      <label className="form-row">
        <span>Data bits</span>
        <select
          className="field"
          value={dataBits}
          onChange={(event) => setDataBits(event.target.value === '7' ? 7 : 8)}
        >
          <option value={8}>8</option>
          <option value={7}>7</option>
        </select>
      </label>
      <label className="form-row">
        <span>Parity</span>
        <select
          className="field"
          value={parity}
          onChange={(event) => setParity(event.target.value as Parity)}
        >
          <option value="none">none</option>
          <option value="even">even</option>
          <option value="odd">odd</option>
        </select>
      </label>
      <label className="form-row">
        <span>Typing</span>
        <span>
          <input
            type="checkbox"
            checked={typing}
            onChange={(event) => setTyping(event.target.checked)}
          />{' '}
          Typing allowed: keys reach the target
        </span>
      </label>
    </Dialog>
  );
}
