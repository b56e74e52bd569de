import { go as search } from 'fuzzysort';
import { keysOf } from '../keymap.ts';
import type { PanelKind } from '../panels/registry.ts';
import { PANELS } from '../panels/registry.ts';
import type { Action } from '../state/actions.ts';

/** A row of the Jump box. */
export interface JumpRow {
  readonly id: string;
  readonly label: string;
  readonly detail: string;
  readonly keys?: string;
  readonly glyph: 'place' | 'action' | 'panel';
  /** An action's id, or a target of the engine with its panel. */
  readonly run:
    | { readonly kind: 'action'; readonly action: string }
    | { readonly kind: 'place'; readonly target: string; readonly panel: string };
}

export type JumpMode = 'all' | 'actions' | 'devices' | 'console';

/** The prefix of a text and what is searched for: `>` actions, `@` devices, `:` console text. */
export function readJump(text: string): { readonly mode: JumpMode; readonly query: string } {
  const mode = { '>': 'actions', '@': 'devices', ':': 'console' }[text[0]] as JumpMode | undefined;
  return mode ? { mode, query: text.slice(1).trim() } : { mode: 'all', query: text.trim() };
}

const LIMIT = 12;

/** Actions and panels that fit a text, best first; all of them for an empty one. */
export function findActions(
  actions: readonly Action[],
  query: string,
  mode: JumpMode,
): readonly JumpRow[] {
  const rows = actions
    .filter(({ id }) => !id.startsWith('tab.') && id !== 'palette.open' && id !== 'escape')
    .map(rowOf);
  if (query === '')
    return mode === 'actions' ? rows : rows.filter(({ glyph }) => glyph === 'panel');
  return search(query, rows, { key: 'label', limit: LIMIT, threshold: 0.1 }).map(
    (result) => result.obj,
  );
}

function rowOf({ id, title }: Action): JumpRow {
  const kind = id.startsWith('go.') ? (id.slice(3) as PanelKind) : undefined;
  const panel = kind === undefined ? undefined : PANELS[kind];
  return {
    id,
    label: panel?.title ?? title,
    detail: panel ? 'panel' : 'action',
    keys: keysOf(id),
    glyph: panel ? 'panel' : 'action',
    run: { kind: 'action', action: id },
  };
}
