import { hex } from '../format/hex.ts';
import type { Btf } from './btf.ts';
import { variable64, type KernelContext } from './context.ts';

/** One comparison of two things that must be equal in a sound dump. */
export interface SelfCheck {
  readonly what: string;
  /** undefined: it can't be made, because something is missing. */
  readonly holds: boolean | undefined;
  readonly found: string;
}

const BANNER = 512;

/**
 * Compares what the dump says twice. A check that fails is also a finding: then the dump is
 * damaged, or VMCOREINFO is of another kernel.
 */
export function selfChecks(context: KernelContext, btf: Btf): SelfCheck[] {
  const { info, memory, symbols, reader, notes } = context;
  const checks: SelfCheck[] = [];
  const check = (what: string, found: string | undefined, holds: () => boolean): void => {
    const result = found === undefined ? undefined : holds();
    checks.push({ what, holds: result, found: found ?? 'not readable' });
    if (result === false)
      notes.finding(
        'warning',
        'self-check',
        `${what}: the dump says ${found}. It is damaged, or its parts are of different kernels.`,
      );
  };
  notes.within('self-checks', () => {
    const bannerAt = symbols.address('linux_banner');
    const banner = bannerAt === undefined ? undefined : memory.text(bannerAt, BANNER)?.trim();
    check(`linux_banner names the release ${info.release}`, banner, () =>
      banner!.startsWith(`Linux version ${info.release} `),
    );
    const physBase = variable64(context, 'phys_base');
    check(
      'phys_base equals the line of VMCOREINFO',
      physBase === undefined ? undefined : hex(physBase),
      () => BigInt.asIntN(64, physBase!) === info.number('phys_base'),
    );
    const start = symbols.address('__start_BTF');
    const stop = symbols.address('__stop_BTF');
    const length = start === undefined || stop === undefined ? undefined : Number(stop - start);
    check(
      'BTF ends at __stop_BTF',
      length === undefined ? undefined : `${btf.length} of ${length} bytes`,
      () => btf.length === length,
    );
    const task = symbols.address('init_task');
    const comm = task === undefined ? undefined : reader.text('task_struct', task, 'comm');
    check("init_task's name is that of the idle task", comm, () => comm!.startsWith('swapper'));
    const uts = symbols.address('init_uts_ns');
    const release =
      uts === undefined ? undefined : reader.text('uts_namespace', uts, 'name.release');
    check('init_uts_ns has the same release', release, () => release === info.release);
  });
  return checks;
}
