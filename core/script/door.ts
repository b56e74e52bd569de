import type { CallName } from '../protocol/contract.ts';

/**
 * The calls of the contract that a script may make: everything that reads, and changes of the
 * overlay or of a simulated unit, which can be undone. Files, consoles and the session itself stay
 * shut.
 */
export const SCRIPT_CALLS: ReadonlySet<CallName> = new Set<CallName>([
  'session.get',
  'inspect',
  'devices.list',
  'mappings.read',
  'entry.get',
  'entry.poke',
  'changes.list',
  'changes.undo',
  'changes.redo',
  'walk',
  'faults.rows',
  'explain',
  'phases.list',
  'registers.get',
  'registers.write',
  'memory.read',
  'machine.dma',
  'handoff.list',
  'handoff.run',
]);
