import type { ReactNode } from 'react';
import { useEffect, useRef } from 'react';
import { useCall } from '../../engine/useCall.ts';
import { SessionRow } from '../../shell/SessionRow.tsx';
import { openSession } from '../../shell/sessions.ts';
import { useWorkbench } from '../../state/context.ts';
import { useStore } from '../../state/store.ts';
import { Glyph } from '../../ui/Glyph.tsx';
import { ActionKeys } from '../../ui/Keys.tsx';
import { browserModeLine } from '../../wording.ts';
import './start.css';

/** Sessions that Start lists; `N O` lists all. */
const SHOWN = 8;

/** Opens something within one action. */
export function Start(): ReactNode {
  const workbench = useWorkbench();
  const { actions, session } = workbench;
  const info = useStore(session.info);
  const first = useRef<HTMLButtonElement>(null);
  useEffect(() => first.current?.focus(), []);
  const recent = useCall('sessions.list', {}, false).value?.sessions;

  return (
    <main className="start" aria-label="Start">
      <div className="start-page">
        <h1>Faultline</h1>
        <p className="start-lead">
          See which device still does DMA after a crash, and why the IOMMU refuses it.
        </p>
        <section aria-labelledby="start-open">
          <h2 id="start-open">Open</h2>
          <button
            type="button"
            ref={first}
            className="start-action is-first"
            onClick={() => actions.run('target.sample')}
          >
            <b>Open the sample</b>
            <kbd>Enter</kbd>
            <span>A real kdump boot: the console of both kernels and the dump. Works offline.</span>
          </button>
          <OpenAction
            action="target.open"
            title="Open a dump…"
            text="vmcore (ELF, kdump-compressed), raw memory, a console log or a register file."
          />
          <OpenAction
            action="target.connect"
            title="Connect to a console…"
            text="A serial port with the cable in it, or host:port of a terminal server or QEMU."
          />
          <OpenAction
            action="target.paste"
            title="Paste a log"
            text="Decode DMAR and AMD-Vi fault lines from any kernel log."
          />
          <OpenAction
            action="target.story"
            title="Open the hand-off story"
            text="A controller that stays dead under kdump, simulated: its tables allow what the IOMMU refuses."
          />
        </section>
        <section aria-labelledby="start-recent">
          <h2 id="start-recent">Recent</h2>
          {recent === undefined || recent.length === 0 ? (
            <p className="muted">What you open here is listed for the next time.</p>
          ) : (
            <ul>
              {recent.slice(0, SHOWN).map((session) => (
                <li key={session.path}>
                  <SessionRow
                    session={session}
                    onOpen={() => openSession(workbench, session.path)}
                  />
                </li>
              ))}
            </ul>
          )}
        </section>
        <ol className="start-steps">
          <li>
            <b>1 · Open the sample</b>Console, faults and tables fill within 2 s.
          </li>
          <li>
            <b>2 · Read the top row of Faults</b>It is the device with the worst verdict.
          </li>
          <li>
            <b>
              3 · Press <ActionKeys action="go.explain" />
            </b>
            The walk, the verdict and the evidence.
          </li>
          <li>
            <b>
              4 · Press <ActionKeys action="go.handoff" />
            </b>
            Try a fix without touching a machine.
          </li>
        </ol>
        {info?.shell === 'browser' && (
          <p className="start-note">
            <Glyph kind="note" />
            {browserModeLine(info.host)}
          </p>
        )}
      </div>
    </main>
  );
}

function OpenAction({
  action,
  title,
  text,
}: {
  readonly action: string;
  readonly title: string;
  readonly text: string;
}): ReactNode {
  const { actions } = useWorkbench();
  return (
    <button type="button" className="start-action" onClick={() => actions.run(action)}>
      <b>{title}</b>
      <span className="start-keys">
        <ActionKeys action={action} />
      </span>
      <span>{text}</span>
    </button>
  );
}
