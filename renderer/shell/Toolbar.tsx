import type { ReactNode } from 'react';
import { useRef } from 'react';
import type { SourceInfo } from '../../core/protocol/contract.ts';
import { exactBytes, formatSize } from '../../core/format/size.ts';
import { keysOf } from '../keymap.ts';
import { useWorkbench } from '../state/context.ts';
import { useStore } from '../state/store.ts';
import { countdown } from '../state/writes.ts';
import type { MenuItem } from '../state/workbench.ts';
import type { GlyphKind } from '../ui/Glyph.tsx';
import { Glyph, Mark } from '../ui/Glyph.tsx';
import { useKeyWords } from '../ui/Keys.tsx';
import { MenuButton } from '../ui/MenuButton.tsx';
import { useRoving } from '../ui/useRoving.ts';
import { READ_ONLY } from '../wording.ts';
import { JumpBox } from './JumpBox.tsx';
import { locate, readAgain } from './sessions.ts';
import './toolbar.css';

const STATE_GLYPH: Readonly<Record<SourceInfo['state'], GlyphKind>> = {
  ready: 'ok',
  partial: 'warning',
  failed: 'error',
  live: 'ok',
  ended: 'unknown',
};

const OPENERS = ['target.sample', 'target.open', 'target.connect', 'target.paste'];

const OF_SESSION = [
  'target.machine',
  'session.open',
  'session.copy',
  'report.open',
  'target.close',
  'go.start',
];

/** Mark, session, sources, Jump box, write state. */
export function Toolbar(): ReactNode {
  const { session } = useWorkbench();
  const info = useStore(session.info);
  const root = useRef<HTMLElement>(null);
  useRoving(root, 'horizontal');
  return (
    <header ref={root} className="toolbar" role="toolbar" aria-label="Faultline">
      <span className="brand">
        <Mark />
        <span className="brand-name">Faultline</span>
      </span>
      {info && !info.empty && (
        <div className="chips">
          <SessionMenu title={info.title} />
          {info.sources.map((source) => (
            <SourceChip key={source.id} source={source} />
          ))}
        </div>
      )}
      <JumpBox />
      <WriteState typing={info?.consoles.some((each) => each.canWrite) ?? false} />
    </header>
  );
}

function SessionMenu({ title }: { readonly title: string }): ReactNode {
  const { actions } = useWorkbench();
  const items = (): MenuItem[] =>
    actions
      .list()
      .filter(({ id }) => [...OPENERS, ...OF_SESSION].includes(id))
      .map(({ id, title: name }) => ({
        title: name,
        keys: keysOf(id),
        run: () => actions.run(id),
      }));
  return (
    <MenuButton label={`Session ${title}`} tip={title} className="chip session-chip" items={items}>
      <span className="chip-name">{title}</span> ▾
    </MenuButton>
  );
}

function SourceChip({ source }: { readonly source: SourceInfo }): ReactNode {
  const workbench = useWorkbench();
  const { dock, start } = workbench;
  const kind = source.kind === 'console' || source.kind === 'log' ? 'console' : 'tables';
  const size = source.bytes === undefined ? '' : `${formatSize(source.bytes)}, `;
  const exact = source.bytes === undefined ? '' : ` (${exactBytes(source.bytes)})`;
  return (
    <button
      type="button"
      className="chip"
      title={`${source.name}: ${size}${source.detail}${exact}`}
      onClick={() => {
        if (source.missing !== undefined) return locate(workbench, source.id, source.missing);
        if (source.blamed !== undefined) return readAgain(workbench);
        start.set(false);
        dock.open(source.kind === 'registers' ? 'registers' : kind);
      }}
    >
      <Glyph kind={STATE_GLYPH[source.state]} name={source.state} />
      <span className="chip-name">{source.name}</span>
      <span className="muted chip-detail">
        {source.missing !== undefined
          ? 'not found · Locate…'
          : source.blamed !== undefined
            ? 'not opened again · Read again'
            : `${size}${source.detail}`}
      </span>
    </button>
  );
}

/** Nothing reaches a target unless somebody allowed it. */
function WriteState({ typing }: { readonly typing: boolean }): ReactNode {
  const { writes, actions } = useWorkbench();
  const armed = useStore(writes.armed);
  const arms = useKeyWords('target.arm');
  const words = armed
    ? `Writes armed ${countdown(armed.left)}`
    : typing
      ? 'Typing allowed'
      : READ_ONLY;
  return (
    <button
      type="button"
      className={`chip write-state ${armed || typing ? 'is-armed' : ''}`}
      title={
        armed
          ? `What you type reaches ${armed.target}. ${arms} disarms.`
          : typing
            ? 'A console was connected with typing allowed. Changes in Tables stay in this window.'
            : `Nothing is written to a target. Changes in Tables stay in this window. ${arms} arms writes.`
      }
      onClick={() => actions.run('target.arm')}
    >
      <Glyph kind={armed || typing ? 'warning' : 'ok'} name="" />
      {words}
    </button>
  );
}
