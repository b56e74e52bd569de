import type { Command } from './command.ts';

/** Every command, loaded only when it is asked for: start-up reads no module that it does not need. */
export const COMMANDS: Readonly<Record<string, () => Promise<Command>>> = {
  inspect: async () => (await import('./commands/inspect.ts')).command,
  tables: async () => (await import('./commands/tables.ts')).command,
  mappings: async () => (await import('./commands/mappings.ts')).command,
  walk: async () => (await import('./commands/walk.ts')).command,
  dmesg: async () => (await import('./commands/dmesg.ts')).command,
  regs: async () => (await import('./commands/regs.ts')).command,
  irq: async () => (await import('./commands/irq.ts')).command,
  faults: async () => (await import('./commands/faults.ts')).command,
  phases: async () => (await import('./commands/phases.ts')).command,
  explain: async () => (await import('./commands/explain.ts')).command,
  audit: async () => (await import('./commands/audit.ts')).command,
  reverse: async () => (await import('./commands/reverse.ts')).command,
  diff: async () => (await import('./commands/diff.ts')).command,
  scan: async () => (await import('./commands/scan.ts')).command,
  acpi: async () => (await import('./commands/acpi.ts')).command,
  report: async () => (await import('./commands/report.ts')).command,
  handoff: async () => (await import('./commands/handoff.ts')).command,
  trim: async () => (await import('./commands/trim.ts')).command,
  run: async () => (await import('./commands/run.ts')).command,
  serve: async () => (await import('./commands/serve.ts')).command,
};
