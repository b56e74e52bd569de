import type { PhaseLine } from './message.ts';
import type { NoteText } from './notes.ts';

/** Units that are remembered of one kernel; systems have at most a few dozen. */
const MOST_UNITS = 512;

/**
 * Follows how a kernel takes over its predecessor's tables, to say at its end what never came: a
 * crash kernel that stops between the tables of two units is a known failure.
 */
export class HandOffs {
  #units = new Set<string>();
  #interrupt = new Set<string>();
  #tables = new Set<string>();
  #saved = false;
  #ended = false;
  #lastEvent = '';

  /** A new kernel begins. */
  begin(): void {
    this.#units = new Set();
    this.#interrupt = new Set();
    this.#tables = new Set();
    this.#saved = false;
    this.#ended = false;
    this.#lastEvent = '';
  }

  saw(line: PhaseLine): void {
    const { unit, event } = line;
    if (line.phase !== 'lost' && line.phase !== 'suppressed') this.#lastEvent = event;
    if (event === 'unit' && unit !== undefined) add(this.#units, unit);
    else if (unit !== undefined && /^interrupt-table-(?:copied|refused)$/.test(event))
      add(this.#interrupt, unit);
    else if (unit !== undefined && /^tables-(?:copied|refused)$/.test(event))
      add(this.#tables, unit);
    if (event === 'saved' || event === 'makedumpfile-completed') this.#saved = true;
    if (line.phase === 'end') this.#ended = true;
  }

  /** What is missing, now that the kernel is at its end. */
  end(how: {
    readonly logEnds: boolean;
    readonly crashKernel: boolean;
    readonly panicked: boolean;
  }): (NoteText & { readonly id: string })[] {
    const notes: (NoteText & { readonly id: string })[] = [];
    for (const [what, done] of [
      ['interrupt remapping tables', this.#interrupt],
      ['translation tables', this.#tables],
    ] as const) {
      const missing = [...this.#units].filter((unit) => !done.has(unit));
      if (done.size > 0 && missing.length > 0)
        notes.push({
          id: 'hand-off-incomplete',
          severity: 'warning',
          text: `The ${what} of ${[...done].join(', ')} were taken over; no word about ${missing.join(', ')} follows. Either the kernel stopped between them, or those units were not in use.`,
        });
    }
    if (how.logEnds && how.crashKernel && !this.#saved && !this.#ended)
      notes.push({
        id: 'dump-not-saved',
        severity: 'warning',
        text: `The log ends in the crash kernel after ${this.#lastEvent || 'its first lines'}; nothing says that the dump was saved.`,
      });
    if (how.logEnds && how.panicked && !how.crashKernel && !this.#ended)
      notes.push({
        id: 'no-crash-kernel',
        severity: 'warning',
        text: 'The log ends after the panic: no crash kernel shows up in it.',
      });
    return notes;
  }
}

function add(units: Set<string>, unit: string): void {
  if (units.size < MOST_UNITS) units.add(unit);
}
