import { UPLOAD_HEADER, UPLOAD_PATH } from '../../core/protocol/shell.ts';
import { bridge } from '../engine/road.ts';
import type { Workbench } from '../state/workbench.ts';
import { attempt, opened } from './actions.ts';
import { goTo } from './go.ts';

/** Opens files of the machine that the engine runs on. */
function openPaths(workbench: Workbench, paths: readonly string[], add = false): void {
  if (paths.length === 0) return;
  attempt(workbench, workbench.engine.call('session.open', { paths: [...paths], add }), (info) => {
    bridge()?.opened(paths);
    opened(workbench, info);
  });
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
  const paths: string[] = [];
  for (const file of files) {
    const path = await sent(file);
    if (path === undefined)
      return workbench.notices.show({
        severity: 'error',
        text: `${file.name} could not be sent to the server. Nothing is opened. Put it on the server's machine and open it with T D.`,
      });
    paths.push(path);
  }
  openPaths(workbench, paths, add);
}

/** Sends a file to the server. @returns its path there, or undefined when it did not arrive. */
async function sent(file: File): Promise<string | undefined> {
  try {
    const response = await fetch(`${UPLOAD_PATH}?name=${encodeURIComponent(file.name)}`, {
      method: 'POST',
      body: file,
      headers: { [UPLOAD_HEADER]: '1' },
    });
    const answer: unknown = await response.json();
    const path = (answer as { path?: unknown } | null)?.path;
    return response.ok && typeof path === 'string' ? path : undefined;
  } catch {
    return undefined;
  }
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
    else goTo(workbench, command.path, { focus: true, from: 'shell' });
  });
}
