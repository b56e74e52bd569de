import { bindingOf, keymap } from '../keymap.ts';
import { strokeOf } from '../keys.ts';
import type { ActionRegistry } from './actions.ts';
import type { Store } from './store.ts';
import { createStore } from './store.ts';

export interface LeaderState {
  readonly leader: string;
  /** The list of continuations shows after a moment. */
  readonly listed: boolean;
}

const LIST_AFTER = 400;

/** Elements in which plain letters are text. */
export function takesText(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  if (target.closest('[data-keys="plain"]')) return false;
  if (target.closest('[data-keys="text"]')) return true;
  if (target instanceof HTMLInputElement)
    return !['checkbox', 'radio', 'button', 'range'].includes(target.type);
  return (
    target instanceof HTMLTextAreaElement ||
    target instanceof HTMLSelectElement ||
    target.isContentEditable
  );
}

/**
 * Listens for keys of the whole window. Keys of lists, trees and the like are handled by these
 * themselves, before this; what they take is marked by preventDefault.
 */
export class Keyboard {
  readonly leader: Store<LeaderState | undefined> = createStore<LeaderState | undefined>(undefined);
  /** The next strokes are plain keys, wherever the focus is. */
  readonly plain: Store<boolean> = createStore(false);
  readonly #actions: ActionRegistry;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(actions: ActionRegistry) {
    this.#actions = actions;
  }

  /** Starts listening. @returns a function that stops it. */
  listen(target: Window): () => void {
    const early = (event: KeyboardEvent): void => this.#early(event);
    const late = (event: KeyboardEvent): void => this.#late(event);
    const cancel = (): void => this.cancel();
    target.addEventListener('keydown', early, true);
    target.addEventListener('keydown', late);
    target.addEventListener('blur', cancel);
    target.addEventListener('mousedown', cancel, true);
    return () => {
      target.removeEventListener('keydown', early, true);
      target.removeEventListener('keydown', late);
      target.removeEventListener('blur', cancel);
      target.removeEventListener('mousedown', cancel, true);
    };
  }

  /** Makes the next strokes plain keys, also in a console or a text field. */
  plainNext(): void {
    this.plain.set(true);
  }

  /** Forgets a leader that was pressed. */
  cancel(): void {
    clearTimeout(this.#timer);
    this.plain.set(false);
    this.leader.set(undefined);
  }

  /** Before anybody else: keys that work everywhere, and whatever continues a leader. */
  #early(event: KeyboardEvent): void {
    // A modal dialog has the keyboard to itself.
    if (document.querySelector('dialog[open]')) return;
    const stroke = strokeOf(event);
    if (stroke === undefined) return;
    const leader = this.leader.get();
    if (leader) {
      take(event);
      this.cancel();
      const binding = stroke === 'Esc' ? undefined : bindingOf(stroke, leader.leader, ['global']);
      if (binding) this.#actions.run(binding.action);
      return;
    }
    const everywhere = bindingOf(stroke, undefined, ['everywhere']);
    if (everywhere) {
      take(event);
      this.plain.set(false);
      this.#actions.run(everywhere.action);
    } else if (this.plain.get()) {
      // Also one that means nothing: it was not meant for the field or the target.
      take(event);
      this.plain.set(false);
      if (stroke !== 'Esc') this.#plainStroke(event, stroke);
    }
  }

  /** After the panels: plain keys that nobody took. */
  #late(event: KeyboardEvent): void {
    if (event.defaultPrevented) return;
    const stroke = strokeOf(event);
    if (stroke === undefined) return;
    if (document.querySelector('dialog[open]')) return;
    if (takesText(event.target)) {
      if (stroke === 'Esc' && this.#actions.run('escape')) take(event);
      return;
    }
    this.#plainStroke(event, stroke);
  }

  #plainStroke(event: KeyboardEvent, stroke: string): void {
    if (keymap.get().leaders.has(stroke)) {
      take(event);
      this.leader.set({ leader: stroke, listed: false });
      this.#timer = setTimeout(() => this.leader.set({ leader: stroke, listed: true }), LIST_AFTER);
      return;
    }
    const binding = bindingOf(stroke, undefined, ['global']);
    if (!binding) return;
    // Text that a person marked is copied by the browser itself.
    if (binding.action === 'copy.row' && getSelection()?.isCollapsed === false) return;
    if (this.#actions.run(binding.action)) take(event);
  }
}

function take(event: KeyboardEvent): void {
  event.preventDefault();
  event.stopPropagation();
}
