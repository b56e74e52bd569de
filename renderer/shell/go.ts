import { asFailure } from '../engine/failure.ts';
import type { PanelKind } from '../panels/registry.ts';
import { kindOf } from '../panels/registry.ts';
import type { Workbench } from '../state/workbench.ts';

/** Where a link of the engine leads: a path, `#7`, `L123`, or an address. */
export type Target =
  | { readonly kind: 'fault'; readonly fault: number }
  | { readonly kind: 'line'; readonly line: number }
  | { readonly kind: 'address'; readonly address: string }
  | { readonly kind: 'path'; readonly path: string };

/** Reads a link's text. */
export function parseTarget(text: string): Target {
  const fault = /^#(\d+)$/.exec(text);
  if (fault) return { kind: 'fault', fault: Number(fault[1]) };
  const line = /^L(\d+)$/.exec(text);
  if (line) return { kind: 'line', line: Number(line[1]) };
  if (/^0x[0-9a-f]+$/.test(text)) return { kind: 'address', address: text };
  return { kind: 'path', path: text };
}

/** The panel that a target shows in when the engine does not name one. */
export function panelOf(target: Target): PanelKind {
  switch (target.kind) {
    case 'fault':
      return 'explain';
    case 'line':
      return 'console';
    case 'address':
      return 'memory';
    case 'path':
      return 'tables';
  }
}

/** The device that a path is about. */
export function deviceOfPath(path: string): string | undefined {
  return /(?:^|\/)((?:[0-9a-f]{4}:)?[0-9a-f]{2}:[0-9a-f]{2}\.[0-7])(?:\/|$)/.exec(path)?.[1];
}

/** Publishes what a link names and shows it. Links in lists leave the focus where it is. */
export function goTo(
  workbench: Workbench,
  text: string,
  how: {
    panel?: string;
    focus?: boolean;
    beside?: boolean;
    from?: string;
    /** The console that a line is of. */
    console?: string;
  } = {},
): void {
  const target = parseTarget(text);
  const from = how.from ?? 'link';
  if (target.kind === 'fault') void selectFault(workbench, target.fault, from);
  else if (target.kind === 'line')
    workbench.selection.publish({ line: target.line, console: how.console, from });
  else if (target.kind === 'address' && how.panel === 'translate') {
    // The address of a device: the one that is looked at, until another is typed.
    const { bdf, pasid, unit } = workbench.selection.current;
    workbench.reverse.set((old) => ({ ...old, on: false }));
    workbench.selection.publish({ bdf, pasid, unit, iova: target.address, from });
  } else if (target.kind === 'address')
    workbench.selection.publish({ physical: target.address, from });
  else
    workbench.selection.publish({
      entry: target.path,
      bdf: deviceOfPath(target.path),
      unit: target.path.split('/')[0],
      from,
    });
  const named = how.panel === undefined ? undefined : kindOf(how.panel.toLowerCase());
  workbench.start.set(false);
  workbench.dock.open(named ?? panelOf(target), {
    focus: how.focus ?? false,
    beside: how.beside,
  });
}

/**
 * Selects the device after or before the selected one, units in their order; the ends meet. With
 * none selected it begins at the end that it comes from. Panels with devices of their own answer
 * to these keys themselves.
 */
export function stepDevice(workbench: Workbench, by: 1 | -1): void {
  const { engine, selection, notices } = workbench;
  engine.call('devices.list', {}).then(
    ({ devices }) => {
      const { bdf, unit } = selection.current;
      const at = devices.findIndex(
        (device) => device.bdf === bdf && (unit === undefined || device.unit === unit),
      );
      const next =
        devices[at < 0 ? (by > 0 ? 0 : devices.length - 1) : at + by] ??
        devices[by > 0 ? 0 : devices.length - 1];
      if (next)
        selection.publish({ entry: next.path, bdf: next.bdf, unit: next.unit, from: 'keys' });
      else notices.show({ severity: 'note', text: 'No device has an entry in these tables.' });
    },
    (error: unknown) => notices.fail(asFailure(error)),
  );
}

/** Lists every device that can reach the page of a physical address; without one it can be typed. */
export function whoReaches(workbench: Workbench, address: string): void {
  workbench.reverse.set({ on: true, address });
  workbench.dock.open('translate');
}

/** What a device is asked to reach: an address of its own. */
export interface Request {
  readonly unit?: string;
  readonly bdf: string;
  readonly pasid?: number;
  readonly iova: string;
  readonly access: 'read' | 'write';
}

/** Selects a request with the entry that decides it: its leaf, or where its walk ends. */
export async function selectLeaf(
  workbench: Workbench,
  request: Request,
  from: string,
  wanted: () => boolean = () => true,
): Promise<void> {
  const { unit, bdf, pasid, iova, access } = request;
  const walk = await workbench.engine.call('walk', { unit, bdf, pasid, address: iova, access });
  if (!wanted()) return;
  const { outcome } = walk;
  workbench.selection.publish({
    ...request,
    entry: walk.steps.findLast(({ path }) => path !== undefined)?.path,
    physical: outcome.result === 'translated' ? outcome.pa : undefined,
    from,
  });
}

/** The same, and shows it in Tables. */
export async function openLeaf(
  workbench: Workbench,
  request: Request,
  how: { readonly from: string; readonly focus?: boolean; readonly beside?: boolean },
): Promise<void> {
  await selectLeaf(workbench, request, how.from);
  workbench.dock.open('tables', { focus: how.focus ?? false, beside: how.beside });
}

/** A fault by its number: its address and device come with it. */
async function selectFault(workbench: Workbench, fault: number, from: string): Promise<void> {
  try {
    const { fault: item } = await workbench.engine.call('explain', { fault });
    workbench.selection.publish({
      fault,
      bdf: item.bdf,
      pasid: item.pasid,
      iova: item.address,
      access: item.access,
      line: item.line,
      console: item.console,
      from,
    });
  } catch {
    // The panels that show the fault say why it can't be explained.
    workbench.selection.publish({ fault, from });
  }
}
