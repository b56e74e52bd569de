import type { ReactNode, RefObject } from 'react';
import { useEffect, useState } from 'react';
import type { ConsoleInfo } from '../../../core/protocol/contract.ts';
import { attempt } from '../../shell/actions.ts';
import { useWorkbench } from '../../state/context.ts';
import { useStore } from '../../state/store.ts';
import { MenuButton } from '../../ui/MenuButton.tsx';
import { TargetControls } from './TargetControls.tsx';
import type { TimeMode } from './record.ts';
import { TIME_MODES } from './record.ts';
import type { ConsoleTerminal } from './terminal.ts';

const TIME_WORDS: Readonly<Record<TimeMode, string>> = {
  kernel: 'the kernel’s own clock',
  received: 'seconds since the console was opened',
  delta: 'seconds since the line before',
};

function nextMode(mode: TimeMode): TimeMode {
  return TIME_MODES[(TIME_MODES.indexOf(mode) + 1) % TIME_MODES.length];
}

/** How often the replay's time moves, ms: 4 Hz. */
const TICK = 250;
const SPEEDS = [0.25, 1, 4, 16, 64];

interface ConsoleBarProps {
  readonly info: ConsoleInfo;
  readonly terminal: ConsoleTerminal;
  readonly mode: TimeMode;
  readonly onMode: (mode: TimeMode) => void;
  readonly fold: boolean;
  readonly onFold: (fold: boolean) => void;
  readonly find: RefObject<HTMLInputElement | null>;
}

/** Target, settings and state; replay; find; the time column. */
export function ConsoleBar({
  info,
  terminal,
  mode,
  onMode,
  fold,
  onFold,
  find,
}: ConsoleBarProps): ReactNode {
  const workbench = useWorkbench();
  const { follow } = useStore(terminal.state);
  const [text, setText] = useState('');
  const [missing, setMissing] = useState(false);
  const search = (backwards: boolean): void =>
    attempt(workbench, terminal.find(text, backwards), (found) => setMissing(!found));
  return (
    <>
      <span className="shrink second console-status" title={`${info.name} · ${info.status}`}>
        {info.settings !== '' && !info.replay && `${info.settings} · `}
        <b>{info.status}</b>
      </span>
      {info.replay && <ReplayControls info={info} replay={info.replay} />}
      <TargetControls info={info} />
      <input
        ref={find}
        className="field console-find push"
        aria-label="Find in the console"
        aria-invalid={missing}
        placeholder="Find"
        title={missing ? `"${text}" is in no line of this console` : 'Find: Enter, Shift+Enter'}
        spellCheck={false}
        value={text}
        onChange={(event) => {
          setText(event.target.value);
          setMissing(false);
          if (event.target.value === '') void terminal.find('');
        }}
        onKeyDown={(event) => {
          if (event.key !== 'Enter') return;
          search(event.shiftKey);
          event.preventDefault();
          event.stopPropagation();
        }}
      />
      <button
        type="button"
        className="btn"
        title={`The time column shows ${TIME_WORDS[mode]}; the next: ${nextMode(mode)}`}
        onClick={() => onMode(nextMode(mode))}
      >
        Time: {mode}
      </button>
      <button
        type="button"
        className="btn"
        aria-pressed={fold}
        title="Folds equal lines where more than 200 come in a second; the record and a log file keep all"
        onClick={() => onFold(!fold)}
      >
        Fold
      </button>
      <button type="button" className="btn" aria-pressed={follow} onClick={() => terminal.follow()}>
        Follow
      </button>
    </>
  );
}

function ReplayControls({
  info,
  replay,
}: {
  readonly info: ConsoleInfo;
  readonly replay: NonNullable<ConsoleInfo['replay']>;
}): ReactNode {
  const workbench = useWorkbench();
  const run = (action: 'play' | 'pause' | 'restart' | 'end' | 'speed', speed?: number): void =>
    attempt(
      workbench,
      workbench.engine.call('console.replay', { console: info.id, action, speed }),
    );
  return (
    <span className="replay" role="group" aria-label="Replay">
      <button
        type="button"
        className="btn"
        aria-label="Restart the replay"
        onClick={() => run('restart')}
      >
        |◀
      </button>
      <button
        type="button"
        className="btn"
        aria-label={replay.playing ? 'Pause' : 'Play'}
        onClick={() => run(replay.playing ? 'pause' : 'play')}
      >
        {replay.playing ? '❚❚' : '▶'}
      </button>
      <button type="button" className="btn" aria-label="To the end" onClick={() => run('end')}>
        ▶|
      </button>
      <MenuButton
        label={`Speed ${replay.speed}`}
        items={() =>
          SPEEDS.map((speed) => ({
            title: `×${speed}`,
            checked: speed === replay.speed,
            run: () => run('speed', speed),
          }))
        }
      >
        ×{replay.speed} ▾
      </MenuButton>
      <ReplayTime key={`${replay.position} ${replay.speed} ${replay.playing}`} replay={replay} />
    </span>
  );
}

/** Where the replay is; between what the engine tells, time goes on by itself. */
function ReplayTime({
  replay,
}: {
  readonly replay: NonNullable<ConsoleInfo['replay']>;
}): ReactNode {
  const { position, duration, speed, playing } = replay;
  const [gone, setGone] = useState(0);
  useEffect(() => {
    if (!playing) return;
    const since = Date.now();
    const timer = setInterval(() => setGone((Date.now() - since) / 1000), TICK);
    return () => clearInterval(timer);
  }, [playing]);
  return (
    <span className="mono muted replay-time">
      {Math.min(duration, position + gone * speed).toFixed(1)} of {duration.toFixed(1)} s
    </span>
  );
}
