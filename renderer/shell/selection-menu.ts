import { keysOf } from '../keymap.ts';
import { goTo, whoReaches } from './go.ts';
import { PANELS } from '../panels/registry.ts';
import type { PanelKind } from '../panels/registry.ts';
import type { MenuItem, Workbench } from '../state/workbench.ts';
import { filterTerms } from '../state/fault-terms.ts';
import { pinOf } from '../panels/notes/model.ts';
import { copyText } from '../ui/clipboard.ts';

/** Panels that can show what is selected. */
function panelsFor(workbench: Workbench): PanelKind[] {
  const { fault, entry, bdf, iova, physical, line, register } = workbench.selection.current;
  const panels: PanelKind[] = [];
  if (fault !== undefined) panels.push('explain', 'faults');
  if (entry !== undefined || bdf !== undefined) panels.push('tables');
  if (entry !== undefined) panels.push('entry');
  if (bdf !== undefined && iova !== undefined) panels.push('translate');
  if (bdf !== undefined) panels.push('map');
  if (physical !== undefined || entry !== undefined) panels.push('memory');
  if (line !== undefined) panels.push('console');
  if (register !== undefined) panels.push('registers');
  return panels;
}

/** `X`: the panels in which the selection can be seen. */
export function showInItems(workbench: Workbench): MenuItem[] {
  return panelsFor(workbench).map((kind) => ({
    title: PANELS[kind].title,
    keys: keysOf(`go.${kind}`),
    run: () => workbench.dock.open(kind),
  }));
}

/** What can be done with a physical address, wherever it stands. */
export function addressItems(workbench: Workbench, address: string): MenuItem[] {
  return [
    { title: 'Show in Memory', run: () => goTo(workbench, address, { panel: 'memory' }) },
    { title: 'Who can reach this page?', run: () => whoReaches(workbench, address) },
    { title: `Copy ${address}`, run: () => void copyText(address, workbench.notices) },
  ];
}

/** Narrows the faults to what is selected, or leaves that out; what was typed stays. */
function filterItems(workbench: Workbench): MenuItem[] {
  const { faults, dock, selection } = workbench;
  const { fault, bdf, iova, pasid, unit } = selection.current;
  const known = fault === undefined ? undefined : faults.known(fault);
  const terms = known
    ? filterTerms(known)
    : filterTerms({ bdf, address: iova, pasid, unit: bdf === undefined ? unit : undefined });
  const filter = (term: string): void => {
    faults.addTerm(term);
    dock.open('faults', { focus: false });
  };
  return terms.flatMap((term) => [
    { title: `Filter to ${term}`, run: () => filter(term) },
    { title: `Filter out ${term}`, run: () => filter(`not ${term}`) },
  ]);
}

/** `.`: what can be done with the selection. */
export function selectionItems(workbench: Workbench): MenuItem[] {
  const { fault, bdf, iova, entry, physical } = workbench.selection.current;
  const { notices, actions } = workbench;
  const items: MenuItem[] = [];
  const copy = (title: string, text: string): void => {
    items.push({ title, run: () => void copyText(text, notices) });
  };
  if (fault !== undefined)
    items.push({
      title: 'Explain the fault',
      keys: keysOf('go.explain'),
      run: () => actions.run('go.explain'),
    });
  items.push(...filterItems(workbench));
  if (bdf !== undefined) {
    copy(`Copy ${bdf}`, bdf);
  }
  if (iova !== undefined) copy(`Copy ${iova}`, iova);
  if (physical !== undefined) {
    copy(`Copy ${physical}`, physical);
    items.push({
      title: 'Who can reach this page?',
      detail: physical,
      keys: keysOf('reverse.open'),
      run: () => whoReaches(workbench, physical),
    });
  }
  if (entry !== undefined) {
    items.push({
      title: 'Inspect the entry',
      keys: keysOf('go.entry'),
      run: () => actions.run('go.entry'),
    });
    items.push({
      title: 'Copy a link',
      keys: keysOf('copy.link'),
      run: () => actions.run('copy.link'),
    });
  }
  if (pinOf(workbench.selection.current, workbench.session.info.get()?.consoles[0]?.id))
    items.push(
      { title: 'New note on it', keys: keysOf('note.new'), run: () => actions.run('note.new') },
      { title: 'Pin to Notes', keys: keysOf('note.pin'), run: () => actions.run('note.pin') },
    );
  if (actions.has('copy.as'))
    items.push({ title: 'Copy as…', keys: keysOf('copy.as'), run: () => actions.run('copy.as') });
  for (const item of showInItems(workbench))
    items.push({ ...item, title: `Show in ${item.title}`, keys: undefined });
  return items;
}
