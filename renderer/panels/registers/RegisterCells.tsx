import type { ReactNode } from 'react';
import { padded } from '../../format/address.ts';
import { ABSENT } from '../../wording.ts';
import { useWorkbench } from '../../state/context.ts';
import { useStore } from '../../state/store.ts';
import { fieldBits, fieldValue, formerValue, otherBases } from '../entry/bits.ts';
import { accessMarks, type RegisterRow } from './model.ts';

/** The cells of a register, or of one of its fields. */
export function RegisterCells({
  row,
  was,
  onToggle,
}: {
  readonly row: RegisterRow;
  /** The column of former values, or of those in the state beside; undefined where there is none. */
  readonly was: 'before' | 'beside' | undefined;
  readonly onToggle: () => void;
}): ReactNode {
  const { view } = useWorkbench();
  const numbers = useStore(view.state, (state) => state.numbers);
  const { register } = row;
  if (row.kind === 'field') {
    const { field } = row;
    return (
      <>
        <span role="gridcell" className="register-name" style={{ paddingLeft: 34 }}>
          <span>{field.name}</span>
          {field.access !== undefined && <AccessMark text={accessMarks([field.access])} />}
        </span>
        <span role="gridcell" className="muted">
          {fieldBits(field)}
        </span>
        <span role="gridcell" title={otherBases(field, numbers)}>
          {fieldValue(field, numbers)}{' '}
          {field.access !== undefined && field.access !== 'RO' && (
            <span className="muted">{field.access}</span>
          )}
        </span>
        <span role="gridcell" className="text second" title={`${field.meaning} (${field.spec})`}>
          {field.kind === 'address' ? field.meaning : `${field.text} · ${field.meaning}`}
        </span>
        {was !== undefined && (
          <span role="gridcell" className="diff">
            {field.was === undefined ? '' : `Δ ${formerValue(field, numbers)}`}
          </span>
        )}
      </>
    );
  }
  return (
    <>
      <span role="gridcell" className="register-name" title={register.title}>
        <span
          className="fold"
          aria-hidden="true"
          onMouseDown={(event) => {
            event.stopPropagation();
            onToggle();
          }}
        >
          {register.fields.length === 0 ? '' : row.open ? '▾' : '▸'}
        </span>
        <span>{register.name}</span>
        <AccessMark text={accessMarks(register.access)} />
      </span>
      <span role="gridcell" className="muted">
        {padded(register.offset, 12)}
      </span>
      <span
        role="gridcell"
        title={register.source === undefined ? 'Nobody read it' : `From: ${register.source}`}
      >
        {register.value === undefined ? ABSENT : padded(register.value, register.width)}
      </span>
      <span role="gridcell" className="text second" title={register.title}>
        {register.decoded === '' ? register.title : register.decoded}
      </span>
      {was !== undefined && <WasCell register={register} beside={was === 'beside'} />}
    </>
  );
}

/** The former value where it differs; of the state beside also what is the same, or unknown here. */
function WasCell({
  register: { was, value, width },
  beside,
}: {
  readonly register: RegisterRow['register'];
  readonly beside: boolean;
}): ReactNode {
  if (was !== undefined && value !== undefined && was !== value)
    return (
      <span role="gridcell" className="diff">
        Δ {padded(was, width)}
      </span>
    );
  if (!beside) return <span role="gridcell" />;
  const text = was === undefined ? ABSENT : value === undefined ? padded(was, width) : 'same';
  return (
    <span role="gridcell" className="muted">
      {text}
    </span>
  );
}

const MARKS: Readonly<Record<string, string>> = {
  RW: 'can be read and written',
  W1C: 'writing 1 clears it',
  WO: 'can only be written',
  RO: 'can only be read',
};

/** How a register or field can be accessed. */
function AccessMark({ text }: { readonly text: string }): ReactNode {
  if (text === '') return null;
  const words = text.split(' ').map((mark) => `${mark}: ${MARKS[mark] ?? mark}`);
  return (
    <small className="register-access" title={words.join('; ')}>
      {text}
    </small>
  );
}
