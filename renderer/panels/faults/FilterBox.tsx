import type { KeyboardEvent, ReactNode, Ref } from 'react';
import { useEffect, useId, useImperativeHandle, useRef, useState } from 'react';
import { formatCount } from '../../../core/format/size.ts';
import { strokeOf } from '../../keys.ts';
import { useWorkbench } from '../../state/context.ts';
import { useStore } from '../../state/store.ts';
import { useChanged } from '../../state/useChanged.ts';
import type { Completion } from './completion.ts';
import { FIELDS, complete, completionAt, fieldChoices, settled, tokens } from './completion.ts';

interface Choice {
  readonly text: string;
  readonly detail: string;
}

export interface FilterHandle {
  focus(): void;
}

/** Width of a character of the bundled monospaced font, em. */
const CHARACTER = 0.6;
/** Values that are listed at a time. */
const LISTED = 12;

/** The filter of faults: coloured, completed from real values, judged by the engine. */
export function FilterBox({ ref }: { readonly ref: Ref<FilterHandle> }): ReactNode {
  const { faults } = useWorkbench();
  const { filter, summary } = useStore(faults.state);
  const [caret, setCaret] = useState(0);
  const [open, setOpen] = useState(false);
  const [at, setAt] = useState(0);
  /** A choice was walked to: Enter takes it. */
  const [walked, setWalked] = useState(false);
  const input = useRef<HTMLInputElement>(null);
  const listId = useId();
  const errorId = useId();
  const place = open ? completionAt(filter, caret) : undefined;
  const choices = useChoices(place);
  const error = summary?.filterError;
  const listed = open && choices.length > 0;

  useImperativeHandle(ref, () => ({
    focus: () => {
      input.current?.focus();
      input.current?.select();
    },
  }));
  if (useChanged(filter)) {
    setAt(0);
    setWalked(false);
  }
  const walk = (by: number): void => {
    setAt((old) => (old + by + choices.length) % choices.length);
    setWalked(true);
  };
  const close = (): void => {
    setOpen(false);
    // What looked like the beginning of a field's name is a text to look for.
    faults.setFilter(filter);
  };

  const take = (choice: Choice): void => {
    if (!place) return;
    const made = complete(filter, place, choice.text);
    faults.setFilter(made.text, settled(made.text, made.caret));
    setCaret(made.caret);
    requestAnimationFrame(() => input.current?.setSelectionRange(made.caret, made.caret));
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    const stroke = strokeOf(event);
    if (stroke === 'Down' && listed) walk(1);
    else if (stroke === 'Up' && listed) walk(-1);
    else if (stroke === 'Tab' && listed && filter !== '') take(choices[at]);
    else if (stroke === 'Enter' && listed && walked) take(choices[at]);
    else if (stroke === 'Enter') close();
    else if (stroke === 'Esc' && listed) close();
    else return;
    event.preventDefault();
    event.stopPropagation();
  };

  return (
    <div className={`filter ${error ? 'is-invalid' : ''}`} role="search">
      <div className="filter-paint" aria-hidden="true">
        {tokens(filter).map((token, index) => (
          // Tokens have no identity but their place.
          // oxlint-disable-next-line react/no-array-index-key
          <span key={index} className={`tok-${token.kind}`}>
            {token.text}
          </span>
        ))}
      </div>
      <input
        ref={input}
        role="combobox"
        aria-label="Filter faults"
        aria-expanded={listed}
        aria-controls={listId}
        aria-activedescendant={listed ? `${listId}-${at}` : undefined}
        aria-autocomplete="list"
        aria-invalid={error !== undefined}
        aria-describedby={error ? errorId : undefined}
        autoComplete="off"
        spellCheck={false}
        placeholder="Filter, as access:w"
        value={filter}
        onChange={(event) => {
          const { value } = event.target;
          const place = event.target.selectionStart ?? value.length;
          faults.setFilter(value, settled(value, place));
          setCaret(place);
          setOpen(true);
        }}
        onSelect={(event) => setCaret(event.currentTarget.selectionStart ?? 0)}
        onBlur={close}
        onKeyDown={onKeyDown}
      />
      {summary && (
        <span className="filter-count">
          {summary.passed === summary.all
            ? formatCount(summary.all)
            : `${formatCount(summary.passed)} of ${formatCount(summary.all)}`}
        </span>
      )}
      {/* What may follow says more than what is missing still. */}
      {error && !listed && (
        <div
          id={errorId}
          role="alert"
          className="popover filter-error"
          style={{ marginLeft: `${Math.min(error.at, 60) * CHARACTER}em` }}
        >
          <span>{error.text}</span>
        </div>
      )}
      <div
        id={listId}
        role="listbox"
        aria-label="Completions"
        className={listed ? 'popover filter-list' : 'filter-closed'}
      >
        {open &&
          choices.map((choice, index) => (
            <div
              key={choice.text}
              id={`${listId}-${index}`}
              role="option"
              aria-selected={index === at}
              tabIndex={-1}
              className="jump-row"
              onMouseDown={(event) => {
                event.preventDefault();
                take(choice);
              }}
            >
              <span className="label mono">{choice.text}</span>
              <span className="detail">{choice.detail}</span>
            </div>
          ))}
      </div>
    </div>
  );
}

/** Words that fit the place; values of devices and reasons come from the engine with counts. */
function useChoices(place: Completion | undefined): readonly Choice[] {
  const { engine } = useWorkbench();
  const [values, setValues] = useState<{ field: string; choices: readonly Choice[] }>();
  const field = FIELDS.find(({ name }) => name === place?.field);

  useEffect(() => {
    if (!field?.listed) return;
    const abort = new AbortController();
    const name = field.name;
    engine.call('faults.values', { field: field.listed }, abort.signal).then(
      ({ values: found }) =>
        setValues({
          field: name,
          choices: found.map(({ text, count }) => ({ text, detail: formatCount(count) })),
        }),
      () => setValues(undefined),
    );
    return () => abort.abort();
  }, [engine, field]);

  if (!place) return [];
  if (place.kind === 'field') return fieldChoices(place.prefix).slice(0, LISTED + 3);
  const known = values?.field === field?.name ? (values?.choices ?? []) : [];
  return known
    .filter(({ text }) => text.startsWith(place.prefix) && text !== place.prefix)
    .slice(0, LISTED);
}
