import { messageLines, type KernelMessage } from './printk.ts';
import type { Vmcoreinfo } from './vmcoreinfo.ts';

const PANIC = 'Kernel panic - not syncing: ';
/** Lines before a panic that say how it came to it. */
const CAUSE =
  /^(?:BUG:|Oops:|general protection fault|watchdog:|sysrq: Trigger a crash|RIP:|DMAR: \[|AMD-Vi: Event logged|Unable to handle|kernel BUG at|NMI watchdog)/;
const MAX_CAUSES = 32;

/** Why, when and where the kernel stopped. */
export interface Panic {
  /** What stands behind `Kernel panic - not syncing:`; undefined when the log has no such line. */
  readonly reason: string | undefined;
  /** Seconds since boot of that line, as printed. */
  readonly uptime: number | undefined;
  /** Unix seconds at which the dump's note was written. */
  readonly time: number | undefined;
  /** Processor that panicked; undefined when none did or it can't be told. */
  readonly cpu: number | undefined;
  /** Lines of the log that came before and name a cause, as printed. */
  readonly causes: readonly string[];
}

/**
 * The panic as log and VMCOREINFO tell it.
 * @param cpu the variable panic_cpu, where the kernel's symbols can be asked
 */
export function readPanic(
  info: Vmcoreinfo,
  log: readonly KernelMessage[],
  cpu: number | undefined,
): Panic {
  const at = log.findLastIndex((message) => message.text.startsWith(PANIC));
  const panic = at < 0 ? undefined : log[at];
  const before = at < 0 ? log : log.slice(0, at);
  return {
    reason: panic?.text.slice(PANIC.length).split('\n')[0],
    uptime: panic && Number(panic.time / 1000n) / 1e6,
    time: info.crashTime,
    // -1 (PANIC_CPU_INVALID) until a processor panics.
    cpu: cpu === undefined || cpu >= 0x80000000 ? undefined : cpu,
    causes: before
      .filter((message) => CAUSE.test(message.text))
      .slice(-MAX_CAUSES)
      .map((message) => messageLines(message)[0]),
  };
}
