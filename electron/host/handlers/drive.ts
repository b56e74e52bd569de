import { Failure } from '../../../core/memory/failure.ts';
import type { CallHandlers } from '../../../core/protocol/server.ts';
import { SYSRQS } from '../../../core/protocol/sysrq.ts';
import { requireName } from '../console/arming.ts';
import { BREAK, type Console } from '../console/console.ts';
import { freeLogPath } from '../console/log-file.ts';
import { checkPath } from '../opening.ts';
import type { Workbench } from '../workbench.ts';

/** Driving a target: arming, break, SysRq, and the log of what it says. */
export function driveCalls(bench: Workbench): CallHandlers {
  const { hub } = bench;
  return {
    'console.arm': ({ console, target }) => {
      const armed = hub.get(console);
      if (!armed.info.canArm)
        throw new Failure(
          'usage',
          `Nothing can be written to ${armed.name}.`,
          'It is not connected to a target now.',
          'Connect to a console first.',
        );
      return hub.arming.arm(armed, target);
    },
    'console.disarm': () => {
      hub.arming.disarm();
      return {};
    },
    'console.break': async ({ console }) => {
      await sendBreak(bench, hub.get(console));
      return {};
    },
    'console.sysrq': async ({ console, letter, target }) => {
      const to = hub.get(console);
      const known = SYSRQS.find((each) => each.letter === letter);
      if (!known)
        throw new Failure(
          'usage',
          `SysRq ${letter} is not one of the letters that can be sent.`,
          'Nothing was sent to the target.',
          `Choose one of ${SYSRQS.map((each) => each.letter).join(', ')}.`,
        );
      if (known.risk === 'destroys') requireName(to.name, target);
      await sendBreak(bench, to);
      const { id, name, lineNow: line } = to;
      await to.write(letter);
      bench.notes.wrote({ id, name, line }, letter);
      return {};
    },
    'console.logPath': ({ console }) => ({ path: freeLogPath(hub.get(console).name) }),
    'console.log': (request) => {
      const logged = hub.get(request.console);
      if (request.action === 'stop') {
        hub.stopLog(request.console);
        return {};
      }
      checkPath(request.path);
      hub.startLog(request.console, request.path, request.all);
      return { log: logged.info.log };
    },
    'console.reconnect': async ({ console }) => {
      hub.get(console).stopRetry();
      await hub.reconnect(console);
      return {};
    },
    'console.stopRetry': ({ console }) => {
      hub.get(console).stopRetry();
      return {};
    },
  };
}

async function sendBreak(bench: Workbench, console: Console): Promise<void> {
  const { id, name, lineNow: line } = console;
  await console.sendBreak();
  bench.notes.wrote({ id, name, line }, BREAK);
}
