import type { ReactNode } from 'react';
import { useEffect, useRef, useState } from 'react';
import type { FieldItem } from '../../../core/protocol/schema.ts';
import { useWorkbench } from '../../state/context.ts';
import { useStore } from '../../state/store.ts';
import type { Column } from '../../ui/columns.ts';
import { HeadStops } from '../../ui/TableHead.tsx';
import { ColumnEnd, useColumnStyle } from '../../ui/useColumns.tsx';
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

/** What the widths of the columns are kept by. */
const TABLE = 'entry';
const MEANING: Column = { id: 'meaning', title: 'Meaning', width: 120, grow: 'rest' };
const COLUMNS: readonly Column[] = [
  { id: 'bits', title: 'Bits', width: 64 },
  { id: 'field', title: 'Field', width: 92 },
  { id: 'value', title: 'Value', width: 118 },
  MEANING,
];
const WITH_OTHER: readonly Column[] = [
  { id: 'bits', title: 'Bits', width: 64 },
  { id: 'field', title: 'Field', width: 84 },
  { id: 'value', title: 'Value', width: 112 },
  { ...MEANING, width: 64 },
  { id: 'other', title: '', name: 'Other state', width: 112 },
];

/** The fields of an entry as a table; a value can be changed in place. */
export function FieldTable(props: FieldTableProps): ReactNode {
  const root = useRef<HTMLTableElement>(null);
  const columns = props.other === undefined ? COLUMNS : WITH_OTHER;
  const style = useColumnStyle(TABLE, columns);
  // High bits first, as in the ruler; reserved and ignored fields only where they say something.
  const fields = [...props.fields]
    .filter(
      (field) =>
        !isFiller(field) ||
        field.violated ||
        BigInt(field.value) !== 0n ||
        field.was !== undefined ||
        field.name === props.editing,
    )
    .sort((a, b) => high(b) - high(a));
  return (
    <table ref={root} className="field-table" style={style}>
      <thead>
        <HeadStops>
          {columns.map((column) => (
            <th
              key={column.id}
              scope="col"
              aria-label={column.id === 'other' ? props.other : column.title}
              title={column.id === 'other' ? props.other : undefined}
            >
              <span className="head-title">
                {column.id === 'other' ? props.other : column.title}
              </span>
              <ColumnEnd table={TABLE} columns={columns} column={column} root={root} />
            </th>
          ))}
        </HeadStops>
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
      <td className="muted" title={fieldBits(field)}>
        {fieldBits(field)}
      </td>
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
