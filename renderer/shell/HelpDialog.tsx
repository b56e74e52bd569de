import type { ReactNode } from 'react';
import { KEYS } from '../keys.ts';
import type { KeyBinding, Scope } from '../keys.ts';
import type { PanelKind } from '../panels/registry.ts';
import { PANELS, kindOf } from '../panels/registry.ts';
import { useWorkbench } from '../state/context.ts';
import { Dialog } from '../ui/Dialog.tsx';
import { Keys } from '../ui/Keys.tsx';

/** Scopes that the keys of a panel come from. */
const SCOPES: Readonly<Record<PanelKind, readonly Scope[]>> = {
  console: ['console'],
  registers: ['lists', 'trees'],
  memory: ['lists', 'memory'],
  tables: ['lists', 'trees'],
  entry: ['ruler'],
  translate: ['lists'],
  map: ['map'],
  faults: ['lists'],
  explain: [],
  timeline: ['chart'],
  audit: ['lists', 'trees'],
  compare: ['lists', 'trees'],
  handoff: ['stepper'],
  script: ['script'],
  notes: ['lists'],
};

/** The key map: the focused panel's own keys first. */
export function HelpDialog({ onClose }: { readonly onClose: () => void }): ReactNode {
  const { dock } = useWorkbench();
  const { active } = dock.state.get();
  const kind = active === undefined ? undefined : kindOf(active);
  const own = kind === undefined ? [] : KEYS.filter(({ scope }) => SCOPES[kind].includes(scope));
  // The nine keys of tabs are one line.
  const rest = KEYS.filter(
    ({ scope, action }) =>
      (scope === 'everywhere' || scope === 'global') && !/^tab\.[2-9]$/.test(action),
  );
  const groups = new Map<string, KeyBinding[]>();
  if (kind !== undefined && own.length > 0) groups.set(`${PANELS[kind].title} panel`, [...own]);
  for (const binding of rest)
    groups.set(binding.group, [...(groups.get(binding.group) ?? []), binding]);
  return (
    <Dialog
      title="Keys"
      onClose={onClose}
      foot={
        <button type="button" className="btn" onClick={onClose}>
          Close <kbd>Esc</kbd>
        </button>
      }
    >
      <div className="help">
        {[...groups].map(([title, bindings]) => (
          <section key={title}>
            <h3>{title}</h3>
            <dl>
              {bindings.map((binding) => (
                <div key={binding.scope + binding.keys}>
                  <dt>
                    <Keys keys={binding.action === 'tab.1' ? '1 … 9' : binding.keys} />
                  </dt>
                  <dd>{binding.action === 'tab.1' ? 'That tab of this group' : binding.text}</dd>
                </div>
              ))}
            </dl>
          </section>
        ))}
      </div>
    </Dialog>
  );
}
