import type { CSSProperties, ReactNode } from 'react';
import { useEffect, useRef, useState } from 'react';
import type { FieldItem } from '../../../core/protocol/schema.ts';
import { useWorkbench } from '../../state/context.ts';
import { useStore } from '../../state/store.ts';
import {
  fieldBits,
  fieldValue,
  fieldWidth,
  formerValue,
  otherBases,
  readFieldValue,
} from './bits.ts';

interface FieldTableProps {
  readonly fields: readonly FieldItem[];
  readonly shown: string | undefined;
  readonly onShow: (field: string) => void;
  /** The field whose value is being typed. */
  readonly editing: string | undefined;
  readonly onEdit?: (field: string | undefined) => void;
  readonly onPoke?: (field: string, value: string) => void;
  /** Heading of the last column; absent when there is no other state. */
  readonly other: string | undefined;
}

/** The fields of an entry as a table; a value can be changed in place. */
export function FieldTable(props: FieldTableProps): ReactNode {
  const columns =
    props.other === undefined
      ? '64px 92px 118px minmax(120px, 1fr)'
      : '52px 84px 112px minmax(64px, 1fr) 112px';
  // High bits first, as in the ruler; reserved and ignored fields only where they say something.
  const fields = [...props.fields]
    .filter((field) => !isFiller(field) || field.violated || BigInt(field.value) !== 0n)
    .sort((a, b) => high(b) - high(a));
  return (
    <table className="field-table" style={{ '--cols': columns } as CSSProperties}>
      <thead>
        <tr>
          <th scope="col">Bits</th>
          <th scope="col">Field</th>
          <th scope="col">Value</th>
          <th scope="col">Meaning</th>
          {props.other !== undefined && (
            <th scope="col" title={props.other}>
              {props.other}
            </th>
          )}
        </tr>
      </thead>
      <tbody>
        {fields.map((field) => (
          <FieldRow key={field.name} field={field} {...props} />
        ))}
      </tbody>
    </table>
  );
}

function FieldRow({
  field,
  shown,
  onShow,
  editing,
  onEdit,
  onPoke,
  other,
}: { readonly field: FieldItem } & FieldTableProps): ReactNode {
  const { view } = useWorkbench();
  const numbers = useStore(view.state, (state) => state.numbers);
  const edited = editing === field.name && onPoke !== undefined;
  const canEdit = onPoke !== undefined && field.access !== 'RO';
  return (
    <tr
      className={`${shown === field.name ? 'is-shown' : ''} ${field.violated ? 'is-violated' : ''}`}
      onMouseEnter={() => onShow(field.name)}
      onMouseDown={() => onShow(field.name)}
    >
      <td className="muted">{fieldBits(field)}</td>
      <td title={field.name}>{field.name}</td>
      <td title={otherBases(field, numbers)}>
        {edited ? (
          <ValueInput
            field={field}
            onDone={(value) => {
              onEdit?.(undefined);
              if (value !== undefined && value !== field.value) onPoke(field.name, value);
            }}
          />
        ) : canEdit ? (
          <button
            type="button"
            className="field-value"
            aria-label={`Change ${field.name}, now ${fieldValue(field, numbers)}`}
            onClick={() => onEdit?.(field.name)}
          >
            {fieldValue(field, numbers)}
          </button>
        ) : (
          fieldValue(field, numbers)
        )}
      </td>
      <td className="text second" title={`${field.text}. ${field.meaning} (${field.spec})`}>
        {field.violated ? <span className="is-error">reserved, but set</span> : field.text}
        {field.kind === 'address' || field.text === field.meaning ? '' : ` · ${field.meaning}`}
      </td>
      {other !== undefined && (
        <td className="diff" title={field.wasText}>
          {field.was === undefined ? '' : `Δ ${formerValue(field, numbers)}`}
        </td>
      )}
    </tr>
  );
}

function ValueInput({
  field,
  onDone,
}: {
  readonly field: FieldItem;
  readonly onDone: (value: string | undefined) => void;
}): ReactNode {
  const [text, setText] = useState(field.value);
  const [problem, setProblem] = useState('');
  const input = useRef<HTMLInputElement>(null);
  useEffect(() => {
    input.current?.focus();
    input.current?.select();
  }, []);
  const submit = (): void => {
    const read = readFieldValue(text, fieldWidth(field));
    if ('value' in read) onDone(read.value);
    else setProblem(read.problem);
  };
  return (
    <>
      <input
        ref={input}
        className="field value-input"
        aria-label={`New value of ${field.name}, bits ${fieldBits(field)}`}
        aria-invalid={problem !== ''}
        spellCheck={false}
        value={text}
        onChange={(event) => {
          setText(event.target.value);
          setProblem('');
        }}
        onBlur={() => onDone(undefined)}
        onKeyDown={(event) => {
          if (event.key === 'Enter') submit();
          else if (event.key === 'Escape') onDone(undefined);
          else return;
          event.preventDefault();
          event.stopPropagation();
        }}
      />
      {problem !== '' && (
        <span role="alert" className="popover value-problem">
          {problem}
        </span>
      )}
    </>
  );
}

const isFiller = (field: FieldItem): boolean =>
  field.kind === 'reserved' || field.kind === 'ignored';

const high = (field: FieldItem): number => Math.max(...field.pieces.map((piece) => piece.high));
