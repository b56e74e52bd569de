import { Failure } from '../../../core/memory/failure.ts';
import type { Armed } from '../../../core/protocol/items-console.ts';

/** How long writes stay armed, ms. */
const ARMED_FOR = 5 * 60 * 1000;

interface Target {
  readonly id: string;
  readonly name: string;
}

/** Whether something may be written to a target, and to which: to one at a time at most. */
export class Arming {
  readonly #changed: () => void;
  readonly #now: () => number;
  #armed: { readonly target: Target; readonly until: number } | undefined;
  #timer: NodeJS.Timeout | undefined;

  /** @param changed told whenever writes were armed or disarmed */
  constructor(changed: () => void, now: () => number = () => performance.now()) {
    this.#changed = changed;
    this.#now = now;
  }

  /** Whether this console's writes are armed. */
  has(console: string): boolean {
    return this.state?.console === console;
  }

  get state(): Armed | undefined {
    if (!this.#armed) return undefined;
    const { target, until } = this.#armed;
    const left = Math.ceil((until - this.#now()) / 1000);
    return left > 0 ? { console: target.id, target: target.name, seconds: left } : undefined;
  }

  /** @param typed what a person typed as the target's name. @throws Failure when it is not. */
  arm(target: Target, typed: string): Armed {
    requireName(target.name, typed);
    this.disarm();
    this.#armed = { target, until: this.#now() + ARMED_FOR };
    this.#timer = setTimeout(() => this.disarm(), ARMED_FOR);
    this.#timer.unref();
    this.#changed();
    return { console: target.id, target: target.name, seconds: ARMED_FOR / 1000 };
  }

  /** @param console only if it is this one's writes that are armed; absent: whichever */
  disarm(console?: string): void {
    if (!this.#armed || (console !== undefined && this.#armed.target.id !== console)) return;
    clearTimeout(this.#timer);
    this.#armed = undefined;
    this.#changed();
  }
}

/** @throws Failure when what was typed is not the target's name. */
export function requireName(name: string, typed: string | undefined): void {
  if (typed?.trim() === name) return;
  throw new Failure(
    'usage',
    `The target is called ${name}.`,
    'Another name was typed, so nothing was sent and writes stay as they were.',
    `Type ${name} to go on.`,
  );
}
