import type { ConsoleInfo } from '../../core/protocol/contract.ts';
import { RISKS, SYSRQS, type SysRq } from '../../core/protocol/sysrq.ts';
import { keyWords } from '../keymap.ts';
import { consoleOf } from '../panels/registry.ts';
import type { MenuItem, Workbench } from '../state/workbench.ts';
import { typedReadOnly } from '../wording.ts';
import { attempt } from './actions.ts';

/** The console in front if it fits, else the session's first that does. */
export function consoleFor(
  workbench: Workbench,
  fits: (info: ConsoleInfo) => boolean,
): ConsoleInfo | undefined {
  const { active } = workbench.dock.state.get();
  const fitting = (workbench.session.info.get()?.consoles ?? []).filter(fits);
  const shown = active === undefined ? undefined : consoleOf(active);
  return fitting.find(({ id }) => id === shown) ?? fitting[0];
}

/** The target that may be written to, or could be when writes were armed. */
function targetOf(workbench: Workbench): ConsoleInfo | undefined {
  return consoleFor(workbench, ({ canArm, canWrite }) => canArm === true || canWrite);
}

/** Registers what drives a target: arming, break, SysRq, its log file. */
export function registerDriving(workbench: Workbench): void {
  const { actions, dialog } = workbench;
  const possible = (): boolean => targetOf(workbench) !== undefined;
  actions.add(
    {
      id: 'target.arm',
      title: 'Arm or disarm writes',
      run: () => toggleArmed(workbench),
      possible,
    },
    {
      id: 'target.break',
      title: 'Send a break',
      run: () => sendBreak(workbench, targetOf(workbench)),
      possible,
    },
    {
      id: 'target.sysrq',
      title: 'SysRq…',
      run: () => {
        const target = targetOf(workbench);
        if (target)
          workbench.menu.set({
            label: `SysRq for ${target.name}`,
            at: { x: innerWidth / 3, y: 80 },
            items: sysrqItems(workbench, target),
          });
      },
      possible,
    },
    {
      id: 'target.log',
      title: 'Log the console to a file, or stop that',
      run: () => {
        const console = consoleFor(workbench, canLog);
        if (!console) return;
        if (console.log) stopLog(workbench, console);
        else dialog.set('log');
      },
      possible: () => consoleFor(workbench, canLog) !== undefined,
    },
  );
}

/** Whether a log file of it would hold what no other file does: a replay and a log are files. */
export function canLog({ kind, log }: ConsoleInfo): boolean {
  return kind === 'serial' || kind === 'tcp' || log !== undefined;
}

export function stopLog(workbench: Workbench, { id }: ConsoleInfo): void {
  attempt(workbench, workbench.engine.call('console.log', { action: 'stop', console: id }));
}

/** Asks for the target's name and arms its writes; where they are armed, disarms them. */
function toggleArmed(workbench: Workbench): void {
  const { writes, engine, confirm } = workbench;
  if (writes.armed.get()) return writes.disarm();
  const target = targetOf(workbench);
  if (!target) return;
  confirm.set({
    title: `Arm writes to ${target.name}?`,
    text: 'For five minutes, what you type and send reaches the target. Writes are disarmed before that when it is disconnected, or when this window is not in front for a minute.',
    target: target.name,
    button: 'Arm writes',
    run: (name) => engine.call('console.arm', { console: target.id, target: name }),
  });
}

export function sendBreak(workbench: Workbench, target: ConsoleInfo | undefined): void {
  if (!target) return;
  if (!target.canWrite) return readOnly(workbench);
  attempt(workbench, workbench.engine.call('console.break', { console: target.id }), () =>
    workbench.notices.show({ severity: 'ok', text: `A break was sent to ${target.name}.` }),
  );
}

/** The letters with what they mean and what they risk. */
export function sysrqItems(workbench: Workbench, target: ConsoleInfo): MenuItem[] {
  return SYSRQS.map((sysrq) => ({
    title: `${sysrq.letter}: ${sysrq.meaning}`,
    detail: RISKS[sysrq.risk],
    run: () => sendSysRq(workbench, target, sysrq),
  }));
}

function sendSysRq(
  workbench: Workbench,
  target: ConsoleInfo,
  { letter, meaning, risk }: SysRq,
): void {
  const { engine, notices, confirm } = workbench;
  if (!target.canWrite) return readOnly(workbench);
  const send = (name?: string) =>
    engine.call('console.sysrq', { console: target.id, letter, target: name });
  const sent = (): void =>
    notices.show({ severity: 'ok', text: `SysRq ${letter} was sent to ${target.name}.` });
  if (risk !== 'destroys') return attempt(workbench, send(), sent);
  confirm.set({
    title: `Send SysRq ${letter} to ${target.name}?`,
    text: `${meaning}. What it destroys can't be had back.`,
    target: target.name,
    button: `Send ${letter}`,
    run: async (name) => {
      await send(name);
      sent();
    },
  });
}

function readOnly(workbench: Workbench): void {
  workbench.notices.show({ severity: 'note', text: typedReadOnly(keyWords('target.arm')) });
}
