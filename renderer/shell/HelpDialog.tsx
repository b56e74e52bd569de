import type { ReactNode } from 'react';
import { useState } from 'react';
import { keymap, resetKeys, setKeys } from '../keymap.ts';
import type { LiveBinding } from '../keymap.ts';
import type { Scope } from '../keys.ts';
import type { PanelKind } from '../panels/registry.ts';
import { PANELS, kindOf } from '../panels/registry.ts';
import { useWorkbench } from '../state/context.ts';
import { saveOwnKeys } from '../state/own-keys.ts';
import { useStore } from '../state/store.ts';
import { Dialog } from '../ui/Dialog.tsx';
import { KeyRow } from './KeyRow.tsx';
import './help.css';

/** Scopes that the keys of a panel come from. */
const SCOPES: Readonly<Record<PanelKind, readonly Scope[]>> = {
  console: ['console'],
  registers: ['lists', 'trees'],
  memory: ['lists', 'memory'],
  tables: ['lists', 'trees'],
  entry: ['ruler'],
  translate: ['lists'],
  map: ['map'],
  faults: ['lists', 'trees', 'chart'],
  explain: [],
  timeline: ['chart'],
  audit: ['lists', 'trees'],
  compare: ['lists', 'trees'],
  handoff: ['lists', 'stepper'],
  script: ['script'],
  notes: ['lists', 'notes'],
};

const SCOPE_TITLES: Readonly<Record<Exclude<Scope, 'everywhere' | 'global'>, string>> = {
  lists: 'Lists',
  trees: 'Trees',
  ruler: 'Bit ruler',
  stepper: 'Steps of the Hand-off lab',
  memory: 'Memory',
  notes: 'Notes',
  chart: 'Timeline and rate chart',
  map: 'Address map',
  console: 'Console',
  script: 'Script',
};

/** The key map: the focused panel's own keys first. Each key can be changed. */
export function HelpDialog({ onClose }: { readonly onClose: () => void }): ReactNode {
  const workbench = useWorkbench();
  const { own, bindings } = useStore(keymap);
  const { active } = workbench.dock.state.get();
  const kind = active === undefined ? undefined : kindOf(active);
  const [find, setFind] = useState('');
  const [all, setAll] = useState(false);
  const [changing, setChanging] = useState<string>();
  const [refused, setRefused] = useState('');
  // What this shell can't do is absent, not greyed.
  const able = bindings.filter(
    ({ action }) => action !== 'view.window' || workbench.actions.has(action),
  );
  const groups = groupsOf(able, kind, find, all);

  const change = (binding: LiveBinding, keys: string | undefined): void => {
    setChanging(undefined);
    const why = keys === undefined ? undefined : setKeys(binding.id, keys);
    setRefused(why === undefined ? '' : `"${binding.text}" keeps ${binding.keys}: ${why}`);
    if (keys !== undefined && why === undefined) saveOwnKeys(workbench);
  };
  return (
    <Dialog
      title="Keys"
      onClose={onClose}
      foot={
        <>
          {Object.keys(own).length > 0 && (
            <button
              type="button"
              className="btn"
              onClick={() => {
                resetKeys();
                setRefused('');
                saveOwnKeys(workbench);
              }}
            >
              Reset all keys
            </button>
          )}
          <button type="button" className="btn" onClick={onClose}>
            Close <kbd>Esc</kbd>
          </button>
        </>
      }
    >
      <div className="help-bar">
        <input
          className="field"
          aria-label="Find a key or what it does"
          placeholder="Find a key or what it does"
          spellCheck={false}
          value={find}
          onChange={(event) => setFind(event.target.value)}
        />
        <button type="button" className="btn" aria-pressed={all} onClick={() => setAll(!all)}>
          All panels
        </button>
        <span className="muted">Choose a key to change it.</span>
      </div>
      {refused !== '' && (
        <p className="is-error" role="alert">
          {refused}
        </p>
      )}
      <div className="help">
        {groups.length === 0 && <p className="muted">No key matches "{find}".</p>}
        {groups.map(([title, rows]) => (
          <section key={title} aria-label={title}>
            <h3>{title}</h3>
            <dl>
              {rows.map((binding) => (
                <KeyRow
                  key={binding.id}
                  binding={binding}
                  changing={changing === binding.id}
                  onBegin={() => {
                    setRefused('');
                    setChanging(binding.id);
                  }}
                  onEnd={(keys) => change(binding, keys)}
                />
              ))}
            </dl>
          </section>
        ))}
      </div>
    </Dialog>
  );
}

/** Sections of the sheet: the panel's keys, then those of the window by what they are about. */
function groupsOf(
  bindings: readonly LiveBinding[],
  kind: PanelKind | undefined,
  find: string,
  all: boolean,
): readonly (readonly [string, readonly LiveBinding[]])[] {
  const words = find.trim().toLowerCase();
  const groups = new Map<string, LiveBinding[]>();
  const put = (title: string, binding: LiveBinding): void => {
    const fits = words === '' || `${binding.keys} ${binding.text}`.toLowerCase().includes(words);
    if (fits) groups.set(title, [...(groups.get(title) ?? []), binding]);
  };
  for (const binding of bindings) {
    const { scope } = binding;
    if (scope === 'everywhere' || scope === 'global') continue;
    // What a person looks for by name is found wherever it works.
    if (all || words !== '') put(SCOPE_TITLES[scope], binding);
    else if (kind !== undefined && SCOPES[kind].includes(scope))
      put(`${PANELS[kind].title} panel`, binding);
  }
  for (const binding of bindings)
    if (binding.scope === 'everywhere' || binding.scope === 'global') put(binding.group, binding);
  return [...groups];
}
