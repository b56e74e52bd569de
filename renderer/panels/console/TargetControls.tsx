import type { ReactNode } from 'react';
import { formatSize } from '../../../core/format/size.ts';
import type { ConsoleInfo } from '../../../core/protocol/contract.ts';
import { attempt } from '../../shell/actions.ts';
import { canLog, sendBreak, stopLog, sysrqItems } from '../../shell/drive.ts';
import { useWorkbench } from '../../state/context.ts';
import { useKeyWords } from '../../ui/Keys.tsx';
import { MenuButton } from '../../ui/MenuButton.tsx';

/** What drives the target: SysRq, Break, its log file; and its connection when that is lost. */
export function TargetControls({ info }: { readonly info: ConsoleInfo }): ReactNode {
  const workbench = useWorkbench();
  const { engine, dialog } = workbench;
  const breaks = useKeyWords('target.break');
  const logs = useKeyWords('target.log');
  const call = (name: 'console.reconnect' | 'console.stopRetry'): void =>
    attempt(workbench, engine.call(name, { console: info.id }));
  const target = info.kind === 'serial' || info.kind === 'tcp';
  const lost = target && (info.state === 'failed' || info.state === 'ended');
  return (
    <>
      {info.canArm && (
        <>
          <MenuButton label={`SysRq for ${info.name}`} items={() => sysrqItems(workbench, info)}>
            SysRq ▾
          </MenuButton>
          <button
            type="button"
            className="btn"
            title={`Send a break (${breaks})`}
            onClick={() => sendBreak(workbench, info)}
          >
            Break
          </button>
        </>
      )}
      {lost && (
        <button type="button" className="btn" onClick={() => call('console.reconnect')}>
          Reconnect
        </button>
      )}
      {info.retry !== undefined && (
        <button type="button" className="btn" onClick={() => call('console.stopRetry')}>
          Stop
        </button>
      )}
      {canLog(info) && (
        <button
          type="button"
          className={`btn console-log ${info.log?.failed === undefined ? '' : 'is-failed'}`}
          title={info.log?.failed ?? info.log?.path ?? `Log to a file (${logs})`}
          onClick={() => {
            if (info.log) stopLog(workbench, info);
            else dialog.set('log');
          }}
        >
          {logWords(info)}
        </button>
      )}
    </>
  );
}

/** `○ Log to file`, then `● Log: name 1.2 MiB`. */
export function logWords({ log }: Pick<ConsoleInfo, 'log'>): string {
  if (!log) return '○ Log to file';
  return log.failed ?? `● Log: ${log.name} ${formatSize(log.bytes)}`;
}
