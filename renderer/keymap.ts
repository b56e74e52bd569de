import { KEYS, TOGETHER, isKept, leadersOf, strokeOf } from './keys.ts';
import type { KeyBinding, Scope, Stroke } from './keys.ts';
import { createStore } from './state/store.ts';

/** Keys that a person set, by the identity of the binding. */
export type OwnKeys = Readonly<Record<string, string>>;

/** A binding with the keys that it has now. */
export interface LiveBinding extends KeyBinding {
  /** Identity: the scope and the keys that it comes with. */
  readonly id: string;
  /** The keys that it comes with. */
  readonly usual: string;
}

export interface Keymap {
  readonly own: OwnKeys;
  readonly bindings: readonly LiveBinding[];
  readonly leaders: ReadonlySet<string>;
}

const idOf = ({ scope, keys }: KeyBinding): string => `${scope} ${keys}`;

function made(own: OwnKeys): Keymap {
  const bindings = KEYS.map((binding) => {
    const id = idOf(binding);
    return { ...binding, id, usual: binding.keys, keys: own[id] ?? binding.keys };
  });
  return { own, bindings, leaders: leadersOf(bindings) };
}

/** The key map that is heard now: there is one window, one keyboard, one map. */
export const keymap = createStore<Keymap>(made({}));

/** Takes the keys that a person set; those of no binding, and those that clash, are left out. */
export function takeOwnKeys(saved: OwnKeys): void {
  const known = new Set(KEYS.map(idOf));
  let own = Object.fromEntries(Object.entries(saved).filter(([id]) => known.has(id)));
  keymap.set(made(own));
  for (const id of Object.keys(own)) {
    const binding = keymap.get().bindings.find((each) => each.id === id);
    if (!binding || clashOf(binding, binding.keys) === undefined) continue;
    const { [id]: _clashing, ...rest } = own;
    own = rest;
    keymap.set(made(own));
  }
}

/**
 * Gives a binding other keys.
 * @returns why it can't have them; undefined when it has them now
 */
export function setKeys(id: string, keys: string): string | undefined {
  const binding = keymap.get().bindings.find((each) => each.id === id);
  if (!binding) return 'There is no such key.';
  const refused = clashOf(binding, keys);
  if (refused !== undefined) return refused;
  const { [id]: _old, ...rest } = keymap.get().own;
  keymap.set(made(keys === binding.usual ? rest : { ...rest, [id]: keys }));
  return undefined;
}

/** Gives all bindings the keys that they come with. */
export function resetKeys(): void {
  keymap.set(made({}));
}

/** Why a binding can't have these keys: a sentence, or undefined when it can. */
function clashOf(binding: LiveBinding, keys: string): string | undefined {
  const strokes = keys.split(' ');
  if (keys === '' || strokes.length > 2) return 'A key is one stroke, or a letter and a stroke.';
  const kept = strokes.find(isKept);
  if (kept !== undefined) return `${kept} belongs to the browser or the desktop.`;
  if (strokes.length === 2 && binding.scope !== 'global')
    return 'A key of two strokes works only for the whole window.';
  if (strokes.length === 2 && !/^[A-Z]$/.test(strokes[0]))
    return 'A key of two strokes begins with a letter.';
  if (binding.scope === 'everywhere' && /^(?:Shift\+)?.$/.test(keys))
    return `${keys} is text in a field; this key works there too. Choose a function key.`;
  const heard = new Set(TOGETHER.filter((scopes) => scopes.includes(binding.scope)).flat());
  for (const other of keymap.get().bindings) {
    if (other.id === binding.id || !heard.has(other.scope)) continue;
    if (other.keys === keys) return `${keys} is already "${other.text}".`;
    if (other.keys.startsWith(`${keys} `))
      return `${keys} begins other keys, such as ${other.keys} for "${other.text}".`;
    if (keys.startsWith(`${other.keys} `)) return `${other.keys} is already "${other.text}".`;
  }
  return undefined;
}

/** Keys of an action for menus and the palette: one stroke before two, then the first binding. */
export function keysOf(action: string): string | undefined {
  const all = keymap.get().bindings.filter((binding) => binding.action === action);
  return (all.find(({ keys }) => !keys.includes(' ')) ?? all.at(0))?.keys;
}

/** All keys of an action, for sentences and tips: `W or +`. */
export function keyWords(action: string): string {
  const keys = keymap.get().bindings.filter((binding) => binding.action === action);
  return keys.map((binding) => binding.keys).join(' or ');
}

/** Bindings that begin with a leader, for its list of continuations. */
export function continuations(leader: string): readonly LiveBinding[] {
  return keymap.get().bindings.filter(({ keys }) => keys.startsWith(`${leader} `));
}

/** The binding of a stroke (after a leader, of both) in the given scopes. */
export function bindingOf(
  stroke: string,
  leader: string | undefined,
  scopes: readonly Scope[],
): LiveBinding | undefined {
  const keys = leader === undefined ? stroke : `${leader} ${stroke}`;
  return keymap
    .get()
    .bindings.find((binding) => binding.keys === keys && scopes.includes(binding.scope));
}

/**
 * The stroke of an event as the handlers of these scopes know it: the keys that its binding comes
 * with, whatever a person set. A stroke that they know but that now means nothing is undefined.
 */
export function strokeIn(event: Stroke, ...scopes: readonly Scope[]): string | undefined {
  const stroke = strokeOf(event);
  if (stroke === undefined) return undefined;
  const { own, bindings } = keymap.get();
  const bound = bindingOf(stroke, undefined, scopes);
  if (bound) return bound.usual;
  const moved = bindings.some(
    ({ id, usual, scope }) => usual === stroke && scopes.includes(scope) && own[id] !== undefined,
  );
  return moved ? undefined : stroke;
}
