import type { SessionFile } from '../../core/session/session-file.ts';
import type { Journal } from './journal.ts';
import { repeatActs, type MachineActs } from './machine-acts.ts';
import type { SessionFolder } from './session-folder.ts';
import { simulate } from './simulated.ts';
import { simulatedWorld, type Worlds } from './worlds.ts';

export interface ChangeParts {
  readonly folder: SessionFolder;
  readonly worlds: Worlds;
  readonly journal: Journal;
  readonly acts: MachineActs;
  /** Tells what is not as the session remembers it. */
  readonly problem: (line: string) => void;
}

const NO_CHANGES: SessionFile['changes'] = { done: [], undone: [] };

/**
 * What was done here, as the session's file keeps it: changes of memory, and simulated machines
 * with every act on them. Both are made again when the session is taken up.
 */
export class SessionChanges {
  readonly #parts: ChangeParts;
  /** Changes of the session that could not be made again; they stay in its file. */
  #unmade = NO_CHANGES;

  constructor(parts: ChangeParts) {
    this.#parts = parts;
  }

  /** Puts a simulated machine beside what is open. */
  addMachine(): void {
    const { worlds, acts } = this.#parts;
    const names = new Set(worlds.all().map(({ name }) => name));
    let n = 0;
    while (names.has(`sim${n}`)) n++;
    worlds.add(simulatedWorld(simulate(`sim${n}`)));
    acts.begin(`sim${n}`);
    this.keep();
  }

  /** The acts on a machine that was removed are not kept any more. */
  forgetMachine(name: string): void {
    this.#parts.acts.forget(name);
    this.keep();
  }

  /** Writes the changes made here into the session's file, at once. */
  keep(): void {
    const { folder, journal, acts } = this.#parts;
    const { done, undone } = journal.kept();
    folder.keep({
      machines: acts.kept(),
      changes: {
        done: [...this.#unmade.done, ...done],
        undone: [...this.#unmade.undone, ...undone],
      },
    });
  }

  /** The same for acts on a machine, of which a script does many. */
  keepActs(): void {
    const { folder, acts } = this.#parts;
    folder.keepSoon({ machines: acts.kept() });
  }

  /** Makes the session's simulated machines again, and does to them what was done. */
  restoreMachines(): void {
    const { folder, worlds, acts: record, problem } = this.#parts;
    for (const { name, acts, more } of folder.kept.machines) {
      const machine = simulate(name);
      const failed = repeatActs(machine, acts);
      worlds.add(simulatedWorld(machine));
      record.begin(name, acts, more);
      if (failed > 0) problem(`${failed} acts on ${name} could not be repeated.`);
      if (more)
        problem(`More was done to ${name} than a session keeps: its later acts are missing.`);
    }
  }

  /**
   * Makes the session's changes of memory again.
   * @param complete whether all files are there: otherwise changes that can't be made are no news
   */
  remake(complete: boolean): void {
    const { folder, worlds, journal, problem } = this.#parts;
    this.#unmade = journal.restore(folder.kept.changes, worlds.all());
    const { length } = this.#unmade.done;
    if (length > 0 && complete)
      problem(
        `${length} ${length === 1 ? 'change' : 'changes'} could not be made again: the memory is not what it was. They stay in the session.`,
      );
  }

  /** Nothing was done: another session begins. */
  clear(): void {
    this.#parts.acts.clear();
    this.#unmade = NO_CHANGES;
  }
}
