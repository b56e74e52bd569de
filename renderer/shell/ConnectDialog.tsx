import type { ReactNode } from 'react';
import { useState } from 'react';
import type { CallRequest } from '../../core/protocol/contract.ts';
import { useAttempt } from '../engine/useAttempt.ts';
import { useCall } from '../engine/useCall.ts';
import { useWorkbench } from '../state/context.ts';
import { Dialog } from '../ui/Dialog.tsx';
import { DialogButtons } from '../ui/DialogButtons.tsx';
import { ErrorBlock } from '../ui/ErrorBlock.tsx';

const BAUDS = [9600, 19_200, 38_400, 57_600, 115_200, 230_400, 460_800, 921_600, 1_500_000];

type Connection = CallRequest<'console.connect'>;
type Serial = Extract<Connection, { kind: 'serial' }>;
type Tcp = Extract<Connection, { kind: 'tcp' }>;

const SERIAL: Serial = {
  kind: 'serial',
  path: '',
  baud: 115_200,
  dataBits: 8,
  parity: 'none',
  stopBits: 1,
  typing: false,
};
const TCP: Tcp = { kind: 'tcp', address: '', telnet: 'auto', typing: false };

/** Opens a console over a serial port, or over a network socket. */
export function ConnectDialog({ onClose }: { readonly onClose: () => void }): ReactNode {
  const { engine, dock, start, selection } = useWorkbench();
  const [kind, setKind] = useState<'serial' | 'tcp'>('serial');
  const [serial, setSerial] = useState(SERIAL);
  const [tcp, setTcp] = useState(TCP);
  const [typing, setTyping] = useState(false);
  const { busy, failure, run } = useAttempt();
  const ports = useCall('serial.ports', {}, false);
  const path = serial.path.trim() || (ports.value?.ports[0]?.path ?? '');
  const target = kind === 'serial' ? path : tcp.address.trim();

  const submit = (): void => {
    if (target === '') return;
    const connection: Connection =
      kind === 'serial' ? { ...serial, path, typing } : { ...tcp, address: target, typing };
    run(
      () => engine.call('console.connect', connection),
      ({ console }) => {
        onClose();
        start.set(false);
        selection.publish({ console, from: 'connect' });
        dock.open(`console:${console}`);
      },
    );
  };

  return (
    <Dialog
      title="Connect to a console"
      onClose={onClose}
      onSubmit={submit}
      foot={
        <DialogButtons
          submit={busy ? 'connecting…' : 'Connect'}
          disabled={target === '' || busy}
          onClose={onClose}
        />
      }
    >
      {failure && <ErrorBlock failure={failure} />}
      <div className="form-row" role="radiogroup" aria-label="Reached over">
        <span>Over</span>
        <span style={{ display: 'flex', gap: 12 }}>
          <label>
            <input
              type="radio"
              name="kind"
              checked={kind === 'serial'}
              onChange={() => setKind('serial')}
            />{' '}
            Serial
          </label>
          <label>
            <input
              type="radio"
              name="kind"
              checked={kind === 'tcp'}
              onChange={() => setKind('tcp')}
            />{' '}
            TCP or Telnet
          </label>
        </span>
      </div>
      {kind === 'serial' ? (
        <SerialFields
          value={serial}
          onChange={setSerial}
          ports={ports.value?.ports ?? []}
          offered={path}
          note={ports.value?.note}
          listed={ports.value !== undefined}
        />
      ) : (
        <TcpFields value={tcp} onChange={setTcp} />
      )}
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

function SerialFields({
  value,
  onChange,
  ports,
  offered,
  note,
  listed,
}: {
  readonly value: Serial;
  readonly onChange: (value: Serial) => void;
  readonly ports: readonly { readonly path: string; readonly name: string }[];
  /** The port that is taken when none is typed. */
  readonly offered: string;
  readonly note: string | undefined;
  readonly listed: boolean;
}): ReactNode {
  return (
    <>
      <label className="form-row">
        <span>Port</span>
        <span>
          <input
            className="field"
            style={{ width: '100%' }}
            list="serial-ports"
            value={value.path}
            placeholder={offered === '' ? '/dev/ttyUSB0' : offered}
            onChange={(event) => onChange({ ...value, path: event.target.value })}
            spellCheck={false}
            autoFocus
          />
          <datalist id="serial-ports">
            {ports.map((port) => (
              <option key={port.path} value={port.path}>
                {port.name}
              </option>
            ))}
          </datalist>
        </span>
      </label>
      {listed && ports.length === 0 && (
        <p className="hint-line">
          No serial port was found{note === undefined ? '.' : `: ${note}`} A path can be typed.
        </p>
      )}
      <Choice
        label="Speed, baud"
        value={value.baud}
        of={BAUDS}
        onChange={(baud) => onChange({ ...value, baud })}
      />
      <Choice
        label="Data bits"
        value={value.dataBits}
        of={[8, 7, 6, 5] as const}
        onChange={(dataBits) => onChange({ ...value, dataBits })}
      />
      <Choice
        label="Parity"
        value={value.parity}
        of={['none', 'even', 'odd'] as const}
        onChange={(parity) => onChange({ ...value, parity })}
      />
      <Choice
        label="Stop bits"
        value={value.stopBits}
        of={[1, 2] as const}
        onChange={(stopBits) => onChange({ ...value, stopBits })}
      />
    </>
  );
}

const TELNET: Readonly<Record<Tcp['telnet'], string>> = {
  auto: 'When the other end begins it',
  always: 'Always',
  never: 'Never: every byte is the console’s',
};

function TcpFields({
  value,
  onChange,
}: {
  readonly value: Tcp;
  readonly onChange: (value: Tcp) => void;
}): ReactNode {
  return (
    <>
      <label className="form-row">
        <span>Address</span>
        <input
          className="field"
          style={{ width: '100%' }}
          value={value.address}
          placeholder="lab7:2001"
          spellCheck={false}
          onChange={(event) => onChange({ ...value, address: event.target.value })}
          autoFocus
        />
      </label>
      <p className="hint-line">
        A terminal server’s port, QEMU’s -serial tcp: or unix: (the path of the socket), a bridge to
        a management controller’s serial console. The connection is made by the machine that the
        engine runs on, and is not encrypted.
      </p>
      <Choice
        label="Telnet"
        value={value.telnet}
        of={['auto', 'always', 'never'] as const}
        words={TELNET}
        onChange={(telnet) => onChange({ ...value, telnet })}
      />
    </>
  );
}

function Choice<T extends string | number>({
  label,
  value,
  of,
  words,
  onChange,
}: {
  readonly label: string;
  readonly value: T;
  readonly of: readonly T[];
  readonly words?: Readonly<Record<T, string>>;
  readonly onChange: (value: T) => void;
}): ReactNode {
  return (
    <label className="form-row">
      <span>{label}</span>
      <select
        className="field"
        value={value}
        onChange={(event) => {
          const chosen = of.find((each) => String(each) === event.target.value);
          if (chosen !== undefined) onChange(chosen);
        }}
      >
        {of.map((each) => (
          <option key={each} value={each}>
            {words ? words[each] : each}
          </option>
        ))}
      </select>
    </label>
  );
}
