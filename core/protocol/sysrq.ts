/**
 * The kernel's SysRq letters (Documentation/admin-guide/sysrq.rst): over a serial console each is
 * sent as a break and the letter within five seconds.
 */
export interface SysRq {
  readonly letter: string;
  readonly meaning: string;
  /** `reads`: only prints. `changes`: alters how the machine runs. `destroys`: work is lost. */
  readonly risk: 'reads' | 'changes' | 'destroys';
}

const reads = (letter: string, meaning: string): SysRq => ({ letter, meaning, risk: 'reads' });
const changes = (letter: string, meaning: string): SysRq => ({ letter, meaning, risk: 'changes' });
const destroys = (letter: string, meaning: string): SysRq => ({
  letter,
  meaning,
  risk: 'destroys',
});

export const SYSRQS: readonly SysRq[] = [
  reads('h', 'List the letters that the kernel knows'),
  reads('l', 'Backtraces of all active processors'),
  reads('m', 'Memory information'),
  reads('p', 'Registers and flags of the processor'),
  reads('q', 'All armed timers'),
  reads('t', 'All tasks and what they do'),
  reads('w', 'Tasks that are blocked'),
  reads('z', 'The ftrace buffer'),
  changes('s', 'Write all file systems to disk'),
  changes('n', 'Real-time tasks become nice-able'),
  changes('9', 'Console log level 9: everything is printed'),
  destroys('f', 'Kill the task that uses most memory'),
  destroys('e', 'Terminate all tasks but init'),
  destroys('i', 'Kill all tasks but init'),
  destroys('u', 'Make all file systems read-only'),
  destroys('c', 'Crash the kernel: kdump starts when it is loaded'),
  destroys('b', 'Reboot at once, nothing is written to disk'),
  destroys('o', 'Power off'),
];

export const RISKS: Readonly<Record<SysRq['risk'], string>> = {
  reads: 'only prints',
  changes: 'changes how it runs',
  destroys: 'work is lost; asks first',
};
