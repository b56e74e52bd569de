import type { ReactNode } from 'react';
import { useMemo, useRef, useState } from 'react';
import { hex, hexByte } from '../../../core/format/hex.ts';
import type { WalkAnswer } from '../../../core/protocol/schema.ts';
import { exactBytes, formatSize } from '../../../core/format/size.ts';
import { asFailure } from '../../engine/failure.ts';
import { useCall } from '../../engine/useCall.ts';
import { useWorkbench } from '../../state/context.ts';
import type { Selection } from '../../state/selection.ts';
import { useStore } from '../../state/store.ts';
import { useChanged } from '../../state/useChanged.ts';
import { useFollowed } from '../../state/useFollowed.ts';
import { Rights } from '../../ui/Access.tsx';
import { Address } from '../../ui/Address.tsx';
import { copyText } from '../../ui/clipboard.ts';
import { token } from '../../ui/colours.ts';
import { ErrorBlock } from '../../ui/ErrorBlock.tsx';
import { Glyph } from '../../ui/Glyph.tsx';
import { Empty, Panel } from '../../ui/Panel.tsx';
import { TargetLink } from '../../ui/TargetLink.tsx';
import { WalkSteps } from '../../ui/WalkView.tsx';
import { EMPTY, UNDECIDED, UNTRANSLATED, noContext } from '../../wording.ts';
import type { TranslateInput } from './model.ts';
import { hasNoContext, isEvent, readPasted, readTranslate, walkTable } from './model.ts';
import { WalkFacts } from './WalkFacts.tsx';
import { walkPicture } from './walk-picture.ts';
import { WalkPicture } from './WalkPicture.tsx';
import './translate.css';

const BLANK: TranslateInput = { unit: '', bdf: '', pasid: '', address: '', access: 'read' };

function inputOf(selection: Selection): Partial<TranslateInput> {
  return {
    bdf: selection.bdf ?? '',
    address: selection.iova ?? '',
    pasid: selection.pasid === undefined ? '' : String(selection.pasid),
    access: selection.access ?? 'read',
  };
}

/** Does the walk for any device and address, or for a kernel's fault line. */
export function ForwardPanel({ ways }: { readonly ways: ReactNode }): ReactNode {
  const { session, translate, notices } = useWorkbench();
  const units = useStore(session.info, (info) => info?.units);
  const request = useStore(translate);
  const selected = useFollowed((each) =>
    each.bdf !== undefined && each.iova !== undefined ? each : undefined,
  );
  const [input, setInput] = useState<TranslateInput>(() => ({
    ...BLANK,
    ...(selected && inputOf(selected)),
  }));
  const [line, setLine] = useState('');
  const [fault, setFault] = useState(selected?.fault);
  const address = useRef<HTMLInputElement>(null);

  if (useChanged(selected) && selected) {
    setLine('');
    setFault(selected.fault);
    setInput({ ...input, ...inputOf(selected) });
  }
  if (useChanged(request)) {
    setFault(undefined);
    setInput({ ...input, ...readPasted(request.text) });
  }

  const typed = readTranslate(input);
  const asked =
    line !== ''
      ? { unit: input.unit === '' ? undefined : input.unit, text: line }
      : typed && 'request' in typed
        ? { ...typed.request, fault }
        : undefined;
  const answer = useCall('walk', asked);
  const walk = answer.value;
  const set = (change: Partial<TranslateInput>): void => {
    setLine('');
    setFault(undefined);
    setInput((old) => ({ ...old, ...change }));
  };
  const pasted = (text: string): boolean => {
    if (text.trim().split(/\s+/).length < 3) return false;
    const read = readPasted(text);
    if (read) set(read);
    else setLine(text.trim());
    return true;
  };
  const own = useMemo(
    () => ({
      'panel.filter': () => {
        address.current?.focus();
        address.current?.select();
      },
      'copy.value': walk && (() => void copyText(resultText(walk), notices)),
    }),
    [walk, notices],
  );

  return (
    <Panel
      loading={answer.state === 'loading'}
      actions={own}
      table={
        walk && {
          name: 'Walk',
          forms: () => [{ title: 'Result', text: resultText(walk) }],
          read: () => walkTable(walk),
          picture: () => walkPicture(walk, token),
        }
      }
      bar={
        <div
          className="translate-bar"
          onPaste={(event) => {
            if (pasted(event.clipboardData.getData('text'))) event.preventDefault();
          }}
        >
          {units && units.length > 1 && (
            <select
              className="field"
              aria-label="Unit"
              value={input.unit}
              onChange={(event) => set({ unit: event.target.value })}
            >
              <option value="">any unit</option>
              {units.map((unit) => (
                <option key={unit.name}>{unit.name}</option>
              ))}
            </select>
          )}
          <input
            className="field translate-bdf"
            aria-label="Device"
            placeholder="02:00.0"
            spellCheck={false}
            value={input.bdf}
            onChange={(event) => set({ bdf: event.target.value })}
          />
          <input
            className="field translate-pasid"
            aria-label="PASID"
            placeholder="PASID –"
            spellCheck={false}
            value={input.pasid}
            onChange={(event) => set({ pasid: event.target.value })}
          />
          <input
            ref={address}
            className="field translate-address"
            aria-label="I/O virtual address"
            placeholder="0xfffff000"
            spellCheck={false}
            value={input.address}
            onChange={(event) => set({ address: event.target.value })}
          />
          <select
            className="field"
            aria-label="Access"
            value={input.access}
            onChange={(event) => set({ access: event.target.value === 'write' ? 'write' : 'read' })}
          >
            <option value="read">DMA read</option>
            <option value="write">DMA write</option>
          </select>
          {ways}
        </div>
      }
    >
      {typed && 'problem' in typed && line === '' && (
        <p className="section is-error" role="alert">
          {typed.problem}
        </p>
      )}
      {line !== '' && <p className="section muted mono translate-line">{line}</p>}
      {answer.failure && <ErrorBlock failure={answer.failure} />}
      {asked === undefined && !typed ? (
        <Empty text={EMPTY.translate} action="panel.filter" button="Address" />
      ) : (
        walk && <Result walk={walk} />
      )}
    </Panel>
  );
}

function Result({ walk }: { readonly walk: WalkAnswer }): ReactNode {
  const { session } = useWorkbench();
  const units = useStore(session.info, (info) => info?.units);
  const simulated = units?.some(({ name, from }) => name === walk.unit && from === 'simulated');
  return (
    <div
      className="panel-body"
      data-first-focus
      tabIndex={0}
      role="region"
      aria-label="Translation"
    >
      <WalkPicture walk={walk} />
      <p className="translate-result" role="status">
        <Outcome walk={walk} />
      </p>
      {walk.standsForNone !== undefined && (
        <p className="translate-note">
          Walked without a PASID: {hex(walk.standsForNone)} in the fault&apos;s record stands for a
          request that carried none.
        </p>
      )}
      <WalkFacts walk={walk} />
      {simulated && <DmaButton walk={walk} />}
      <section className="section" aria-label="Steps">
        <h3>
          {walk.unit}, {walk.title}
        </h3>
        <WalkSteps walk={walk} />
      </section>
    </div>
  );
}

function Outcome({ walk }: { readonly walk: WalkAnswer }): ReactNode {
  const { outcome } = walk;
  switch (outcome.result) {
    case 'translated':
      return (
        <>
          <Glyph kind="ok" />{' '}
          <TargetLink target={outcome.pa}>
            <Address value={outcome.pa} />
          </TargetLink>{' '}
          <Rights rights={outcome.rights} />{' '}
          <span
            className="translate-size"
            title={outcome.untranslated ? undefined : exactBytes(BigInt(outcome.size))}
          >
            {outcome.untranslated ? UNTRANSLATED : `${formatSize(BigInt(outcome.size))} page`}
            <Region walk={walk} address={outcome.pa} />
          </span>
        </>
      );
    case 'fault':
      if (hasNoContext(walk))
        return (
          <>
            <Glyph kind="error" /> {noContext(walk.bdf, walk.unit, outcome.reason)}
          </>
        );
      return (
        <>
          <Glyph kind="error" /> refused: {isEvent(outcome) ? 'event' : 'reason'}{' '}
          <span className="mono">{hexByte(outcome.reason)}</span>{' '}
          <span className="translate-size">{outcome.name}</span>
        </>
      );
    case 'unknown':
      return (
        <>
          <Glyph kind="unknown" /> {UNDECIDED}{' '}
          <span className="translate-size">
            {outcome.why}
            {outcome.address === undefined ? '' : ` at ${outcome.address}`}
          </span>
        </>
      );
  }
}

/** `, System RAM`: what stands at the address that the walk came to. */
function Region({
  walk,
  address,
}: {
  readonly walk: WalkAnswer;
  readonly address: string;
}): ReactNode {
  const { session } = useWorkbench();
  const from = useStore(
    session.info,
    (info) => info?.units.find(({ name }) => name === walk.unit)?.from,
  );
  const unit = from === 'simulated' ? walk.unit : undefined;
  const region = useCall('page.about', { unit, address }).value?.region;
  return region === undefined ? null : `, ${region}`;
}

/** A device of a simulated unit does the DMA that was asked about. */
function DmaButton({ walk }: { readonly walk: WalkAnswer }): ReactNode {
  const { engine, notices } = useWorkbench();
  const [outcome, setOutcome] = useState('');
  return (
    <div className="section button-row">
      <button
        type="button"
        className="btn"
        onClick={() => {
          engine
            .call('machine.dma', {
              unit: walk.unit,
              bdf: walk.bdf,
              address: walk.address,
              length: 8,
              access: walk.access,
            })
            .then(
              (answer) => setOutcome(answer.outcome),
              (error: unknown) => notices.fail(asFailure(error)),
            );
        }}
      >
        Let the device do this DMA
      </button>
      {outcome !== '' && <span role="status">{outcome}</span>}
    </div>
  );
}

function resultText(walk: WalkAnswer): string {
  const { outcome } = walk;
  if (outcome.result === 'translated') return outcome.pa;
  if (outcome.result === 'fault') return `0x${outcome.reason.toString(16)} ${outcome.name}`;
  return outcome.why;
}
