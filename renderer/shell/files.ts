import { formatSize } from '../../core/format/size.ts';
import type { WireFailure } from '../../core/protocol/wire.ts';
import { asFailure, isCancelled } from '../engine/failure.ts';
import { bridge } from '../engine/road.ts';
import { keyWords } from '../keymap.ts';
import type { Workbench } from '../state/workbench.ts';
import { attempt, opened } from './actions.ts';
import { goTo } from './go.ts';
import { bringBack } from './own-window.ts';
import { sendFile } from './upload.ts';

/** Opens files of the machine that the engine runs on. */
function openPaths(workbench: Workbench, paths: readonly string[], add = false, as?: 'raw'): void {
  if (paths.length === 0) return;
  workbench.engine.call('session.open', { paths: [...paths], add, as }).then(
    (info) => {
      bridge()?.opened(paths);
      opened(workbench, info);
    },
    (error: unknown) => notOpened(workbench, error, paths, add),
  );
}

/** Says why files were not opened, and offers what may open them. */
export function notOpened(
  workbench: Workbench,
  error: unknown,
  paths: readonly string[],
  add: boolean,
): void {
  if (isCancelled(error)) return;
  const { notices } = workbench;
  const failure = asFailure(error);
  const asRaw = {
    title: 'Open as raw memory',
    run: () => {
      notices.dismiss();
      openPaths(workbench, paths, add, 'raw');
    },
  };
  notices.fail(failure, mayBeRaw(failure) ? asRaw : undefined);
}

/** Whether a file could not be opened for want of any mark: raw memory has none. */
export function mayBeRaw({ kind, happened }: WireFailure): boolean {
  return kind === 'unreadable' && / It starts with [\da-f ]+\.$/.test(happened);
}

/** Opens files as a second state, and shows what differs from the first. @throws EngineFailure */
export async function openSecond(workbench: Workbench, paths: readonly string[]): Promise<void> {
  const { state } = await workbench.engine.call('states.open', { paths: [...paths] });
  workbench.compared.take(state);
  workbench.start.set(false);
  workbench.dock.open('compare');
}

/** `T 2`: a dump of another moment of the same machine. */
function chooseSecond(workbench: Workbench): void {
  const shell = bridge();
  if (!shell) workbench.dialog.set('second');
  else
    attempt(
      workbench,
      shell
        .chooseFiles()
        .then((paths) => (paths.length > 0 ? openSecond(workbench, paths) : undefined)),
    );
}

/** `T D`: the system's own dialog where there is one, else the list of the host's files. */
function chooseFiles(workbench: Workbench): void {
  const shell = bridge();
  if (shell)
    attempt(workbench, shell.chooseFiles(), (paths) =>
      openPaths(workbench, paths, workbench.session.takesMore),
    );
  else workbench.dialog.set('open');
}

/** Opens files that were dropped: where they lie, or sent to the server that the page came from. */
export async function openDropped(workbench: Workbench, files: readonly File[]): Promise<void> {
  const add = workbench.session.takesMore;
  const shell = bridge();
  if (shell)
    return openPaths(
      workbench,
      files.map((file) => shell.pathOf(file)),
      add,
    );
  const { notices, session } = workbench;
  const host = session.info.get()?.host ?? 'the server';
  const paths: string[] = [];
  for (const file of files) {
    const { path, why } = await sendFile(file);
    if (path === undefined)
      return notices.show({
        severity: 'error',
        text: `${file.name} could not be sent to ${host}: ${why}. Nothing is opened. Send it once more, or put it there by other means and open it with ${keyWords('target.open')}.`,
      });
    paths.push(path);
  }
  openPaths(workbench, paths, add);
  const bytes = files.reduce((sum, { size }) => sum + size, 0);
  notices.show({
    severity: 'note',
    text: keptOnHost(
      files.map(({ name }) => name),
      bytes,
      host,
    ),
  });
}

/** What becomes of files that were sent. */
function keptOnHost(names: readonly string[], bytes: number, host: string): string {
  const [is, it] = names.length === 1 ? ['is', 'it'] : ['are', 'them'];
  return `${names.join(', ')} ${is} kept on ${host} with this session (${formatSize(bytes)}), so that it finds ${it} again, until the session is removed.`;
}

/** Registers the actions that open files. */
export function registerFileActions(workbench: Workbench): void {
  workbench.actions.add({
    id: 'target.open',
    title: 'Open a dump…',
    run: () => chooseFiles(workbench),
  });
  const hasDump = (): boolean =>
    workbench.session.info.get()?.sources.some(({ kind }) => kind === 'dump') ?? false;
  workbench.actions.add({
    id: 'tables.scan',
    title: 'Scan for tables…',
    run: () => workbench.dialog.set('scan'),
    possible: hasDump,
  });
  workbench.actions.add({
    id: 'tables.root',
    title: 'Give a root table address…',
    run: () => workbench.dialog.set('root'),
    possible: hasDump,
  });
  workbench.actions.add({
    id: 'target.second',
    title: 'Open a second state…',
    run: () => chooseSecond(workbench),
    possible: () => !workbench.session.empty,
  });
}

/** Carries out what native menus and links ask for. */
export function followShell(workbench: Workbench): void {
  bridge()?.onCommand((command) => {
    if (command.kind === 'action') workbench.actions.run(command.action);
    else if (command.kind === 'open') openPaths(workbench, command.paths);
    else if (command.kind === 'back') bringBack(workbench, command.panel);
    else goTo(workbench, command.path, { focus: true, from: 'shell' });
  });
}
