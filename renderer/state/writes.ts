import type { EngineApi } from '../engine/api.ts';
import type { SessionModel } from './session.ts';
import type { Store } from './store.ts';
import { createStore } from './store.ts';

/** The target of which writes are armed, as the window counts it down. */
export interface ArmedState {
  readonly console: string;
  readonly target: string;
  /** Seconds left. */
  readonly left: number;
}

/** How long the window may be out of sight before writes are disarmed, ms. */
const BLURRED_FOR = 60_000;
const SECOND = 1000;

/** Whether writes are armed: told by the engine, counted down here, given up when nobody looks. */
export class WritesModel {
  readonly armed: Store<ArmedState | undefined> = createStore<ArmedState | undefined>(undefined);
  readonly #engine: EngineApi;
  readonly #session: SessionModel;
  #timer: ReturnType<typeof setInterval> | undefined;
  #blurred: ReturnType<typeof setTimeout> | undefined;
  #told = '';

  constructor(engine: EngineApi, session: SessionModel) {
    this.#engine = engine;
    this.#session = session;
    session.info.subscribe(() => this.#take());
  }

  /** Disarms when the window has not had the focus for a minute. @returns a function that ends it. */
  watch(target: Window): () => void {
    const blur = (): void => {
      clearTimeout(this.#blurred);
      this.#blurred = setTimeout(() => this.disarm(), BLURRED_FOR);
    };
    const focus = (): void => clearTimeout(this.#blurred);
    target.addEventListener('blur', blur);
    target.addEventListener('focus', focus);
    return () => {
      focus();
      target.removeEventListener('blur', blur);
      target.removeEventListener('focus', focus);
    };
  }

  disarm(): void {
    if (!this.armed.get()) return;
    // The engine disarms by itself in the end: a road that is broken now changes nothing of that.
    this.#engine.call('console.disarm', {}).catch(() => {});
  }

  #take(): void {
    const told = this.#session.info.get()?.armed;
    const key = told ? `${told.console} ${told.seconds}` : '';
    if (key === this.#told) return;
    this.#told = key;
    clearInterval(this.#timer);
    this.armed.set(told && { console: told.console, target: told.target, left: told.seconds });
    if (!told) return;
    const until = Date.now() + told.seconds * SECOND;
    this.#timer = setInterval(() => {
      const left = Math.max(0, Math.ceil((until - Date.now()) / SECOND));
      if (left === 0) clearInterval(this.#timer);
      this.armed.set((old) => old && { ...old, left });
    }, SECOND);
  }
}

/** `4:59`. */
export function countdown(seconds: number): string {
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;
}
