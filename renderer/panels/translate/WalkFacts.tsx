import type { ReactNode } from 'react';
import { hex, hexByte } from '../../../core/format/hex.ts';
import { formatCount } from '../../../core/format/size.ts';
import type { CallAnswer } from '../../../core/protocol/contract.ts';
import type { WalkAnswer, WalkOutcome } from '../../../core/protocol/schema.ts';
import { useCall } from '../../engine/useCall.ts';
import { useStoppable } from '../../engine/useStoppable.ts';
import { whoReaches } from '../../shell/go.ts';
import { useWorkbench } from '../../state/context.ts';
import { selectionOf } from '../../state/fault-row.ts';
import { useStore } from '../../state/store.ts';
import { Rights } from '../../ui/Access.tsx';
import { Address } from '../../ui/Address.tsx';
import { Glyph } from '../../ui/Glyph.tsx';
import { TargetLink } from '../../ui/TargetLink.tsx';
import { UNDECIDED, UNTRANSLATED } from '../../wording.ts';
import { isEvent, mapperWords, missingPageWords, readFromWords } from './model.ts';

/** Ways to a page that are looked at for the names of those who have them. */
const WAYS = 64;

/** What stands beside a walk: the hardware's word, other states, and what its page is. */
export function WalkFacts({ walk }: { readonly walk: WalkAnswer }): ReactNode {
  const { session } = useWorkbench();
  const units = useStore(session.info, (info) => info?.units);
  const simulated =
    units?.some(({ name, from }) => name === walk.unit && from === 'simulated') ?? false;
  const memory = simulated ? walk.unit : undefined;
  return (
    <dl className="facts">
      <dt>Hardware</dt>
      <dd>
        <Hardware walk={walk} />
      </dd>
      {!simulated && (
        <>
          <dt>First kernel</dt>
          <dd>
            <FirstKernel walk={walk} />
          </dd>
        </>
      )}
      <dt>Mapped by</dt>
      <dd>
        <MappedBy walk={walk} unit={memory} />
      </dd>
      <dt>Holds</dt>
      <dd>
        <Holds walk={walk} unit={memory} />
      </dd>
      <dt>Read from</dt>
      <dd>{readFromWords(walk, simulated)}</dd>
    </dl>
  );
}

/** Faults that the hardware reported for the same page. */
function Hardware({ walk }: { readonly walk: WalkAnswer }): ReactNode {
  const { faults, dock, selection } = useWorkbench();
  const page = BigInt(walk.address) & ~0xfffn;
  const filter = `bdf:${walk.bdf} addr:${hex(page)}-${hex(page + 0xfffn)}`;
  const answer = useCall('faults.rows', {
    filter,
    group: 'none',
    sort: 'order',
    folded: [],
    from: 0,
    to: 1,
  });
  const passed = answer.value?.filterError ? 0 : (answer.value?.passed ?? 0);
  const row = answer.value?.rows.at(0);
  if (passed === 0 || row?.kind !== 'fault') return <>reported no fault here</>;
  const { fault } = row;
  const { outcome } = walk;
  const other =
    outcome.result === 'fault' && fault.reason !== undefined && fault.reason !== outcome.reason;
  const disagrees = outcome.result === 'translated' || other;
  return (
    <>
      <Glyph kind={disagrees ? 'error' : 'ok'} name="" /> {disagrees ? 'disagrees' : 'agrees'}:{' '}
      <button
        type="button"
        className="link"
        onClick={() => {
          faults.setFilter(filter);
          dock.open('faults');
        }}
      >
        {formatCount(passed)} {passed === 1 ? 'fault' : 'faults'}
      </button>
      {fault.reason !== undefined && (
        <>
          , reason <span className="mono">{hexByte(fault.reason)}</span>
        </>
      )}
      {fault.event !== undefined && `, ${fault.event}`} ·{' '}
      <button
        type="button"
        className="link"
        onClick={() => {
          selection.publish(selectionOf(fault, 'translate'));
          dock.open('explain', { focus: true });
        }}
      >
        Explain
      </button>
    </>
  );
}

/** The same request in the other states that are open. */
function FirstKernel({ walk }: { readonly walk: WalkAnswer }): ReactNode {
  const { actions } = useWorkbench();
  const { unit, bdf, pasid, address, access } = walk;
  const answer = useCall('translate.states', { unit, bdf, pasid, address, access }).value;
  if (!answer) return <span className="muted">reading…</span>;
  return (
    <ul className="walk-states">
      {answer.own === 'first' && <li>the walk above: this dump&apos;s tables are its own</li>}
      {answer.states.map((state) => (
        <li key={state.id}>
          <StateOutcome state={state} />
        </li>
      ))}
      {answer.states.length === 0 && answer.own !== 'first' && (
        <li>
          not known: no second state is open ·{' '}
          <button type="button" className="link" onClick={() => actions.run('target.second')}>
            Open one…
          </button>
        </li>
      )}
    </ul>
  );
}

function StateOutcome({
  state: { name, outcome, domain },
}: {
  readonly state: CallAnswer<'translate.states'>['states'][number];
}): ReactNode {
  return (
    <>
      <span className="muted">in {name}:</span>{' '}
      {outcome ? <ShortOutcome outcome={outcome} /> : 'it has no such unit'}
      {domain !== undefined && (
        <span className="muted" title={hex(domain)}>
          {' '}
          (DID {domain})
        </span>
      )}
    </>
  );
}

function ShortOutcome({ outcome }: { readonly outcome: WalkOutcome }): ReactNode {
  switch (outcome.result) {
    case 'translated':
      return outcome.untranslated ? (
        UNTRANSLATED
      ) : (
        <>
          <Address value={outcome.pa} /> <Rights rights={outcome.rights} />
        </>
      );
    case 'fault':
      return (
        <>
          refused, {isEvent(outcome) ? 'event' : 'reason'}{' '}
          <span className="mono">{hexByte(outcome.reason)}</span> {outcome.name}
        </>
      );
    case 'unknown':
      return `${UNDECIDED}: ${outcome.why}`;
  }
}

/** Who else reaches the page that the walk ends at. */
function MappedBy({
  walk,
  unit,
}: {
  readonly walk: WalkAnswer;
  readonly unit: string | undefined;
}): ReactNode {
  const workbench = useWorkbench();
  const { outcome } = walk;
  const page = outcome.result === 'translated' ? pageOf(outcome.pa) : undefined;
  const answer = useStoppable(
    'reverse',
    page === undefined ? undefined : { unit, address: page, from: 0, to: WAYS },
  );
  if (page === undefined) return <span className="muted">the walk ends before a page</span>;
  if (answer.stopped)
    return (
      <>
        Stopped before all mappings were read ·{' '}
        <button type="button" className="link" onClick={answer.resume}>
          Continue
        </button>
      </>
    );
  if (answer.failure) return answer.failure.happened;
  if (!answer.value)
    return (
      <>
        <span className="muted">reading mappings…</span> ·{' '}
        <button type="button" className="link" onClick={answer.stop}>
          Stop
        </button>
      </>
    );
  return (
    <>
      {mapperWords(answer.value.rows, answer.value.total, answer.value.more)}
      {answer.value.incomplete.length > 0 && ', of the tables that could be read'} ·{' '}
      <button type="button" className="link" onClick={() => whoReaches(workbench, page)}>
        all mappings of this page
      </button>
    </>
  );
}

const pageOf = (address: string): string => hex(BigInt(address) & ~0xfffn);

/** What the page is, by the firmware, the kernel and the dump. */
function Holds({
  walk,
  unit,
}: {
  readonly walk: WalkAnswer;
  readonly unit: string | undefined;
}): ReactNode {
  const { outcome } = walk;
  const pa = outcome.result === 'translated' ? outcome.pa : undefined;
  const about = useCall('page.about', pa === undefined ? undefined : { unit, address: pa }).value;
  if (pa === undefined) return <span className="muted">the walk ends before a page</span>;
  if (!about) return <span className="muted">reading…</span>;
  const { region, record, provenance } = about;
  return (
    <>
      {record && (
        <>
          struct page <span className="mono">{record.address}</span>, {record.use}
          {record.references > 0 && record.use !== 'free' ? ', in use' : ''}
          {record.poisoned ? ', poisoned by a hardware error' : ''}
          {' · '}
        </>
      )}
      {region !== undefined && `${region} · `}
      {missingPageWords(provenance) ?? <TargetLink target={pa}>its bytes</TargetLink>}
    </>
  );
}
