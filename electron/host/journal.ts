import { bytesFromDigits, bytesToDigits } from '../../core/format/bytes.ts';
import { fieldValue, requireField, withField, type Words } from '../../core/bits/layout.ts';
import { hex } from '../../core/format/hex.ts';
import type { Entry } from '../../core/iommu/unit.ts';
import { Failure } from '../../core/memory/failure.ts';
import { OverlayMemory, type Change } from '../../core/memory/overlay.ts';
import type { ChangeItem } from '../../core/protocol/contract.ts';
import { isKnown, PAGE_SIZE, pfnOf } from '../../core/memory/physical.ts';
import type { KeptChange, SessionFile } from '../../core/session/session-file.ts';
import { changeText } from '../../core/session/view-fields.ts';
import type { World } from './worlds.ts';

interface Made {
  readonly id: number;
  readonly world: World;
  readonly path: string | undefined;
  readonly change: Change;
}

const WORD_BYTES = 8;

/** Tells of a store into a simulated world's memory, which its machine's record needs. */
export type Stored = (world: World, address: bigint, bytes: Uint8Array) => void;

/** Every change made to memory here, in any world; the latest is undone first. */
export class Journal {
  readonly #stored: Stored;
  #done: Made[] = [];
  #undone: Made[] = [];
  #next = 1;

  constructor(stored: Stored = () => {}) {
    this.#stored = stored;
  }

  get canUndo(): boolean {
    return this.#done.length > 0;
  }

  get canRedo(): boolean {
    return this.#undone.length > 0;
  }

  get size(): number {
    return this.#done.length;
  }

  items(): ChangeItem[] {
    return this.#done.map(item);
  }

  /**
   * Changes one field of an entry in its world's memory.
   * @param value the field's raw value, not shifted
   * @throws Failure when the field has no such name or width, or its page is not known.
   */
  poke(world: World, entry: Entry, field: string, value: bigint): ChangeItem {
    const words = newWords(entry, field, value);
    const which = requireField(entry.layout, field);
    const text = changeText(which, fieldValue(entry.words, which), value);
    const bytes = toBytes(words, entry.layout.width / 8);
    const change = world.memory.write(entry.address, bytes, `${entry.path} ${text}`);
    if (typeof change === 'string')
      throw new Failure(
        'usage',
        `The page of ${entry.path} is ${change}.`,
        'What is not known can not be changed.',
        'Choose an entry whose content is there.',
      );
    const made: Made = { id: this.#next++, world, path: entry.path, change };
    if (world.machine) this.#stored(world, change.address, change.after);
    this.#done.push(made);
    this.#undone.length = 0;
    return item(made);
  }

  undo(): void {
    const made = this.#done.pop();
    if (!made) throw nothing('undo');
    const { memory } = made.world;
    if (memory instanceof OverlayMemory) memory.undo();
    else {
      memory.write(made.change.address, made.change.before, `undo: ${made.change.text}`);
      this.#stored(made.world, made.change.address, made.change.before);
    }
    this.#undone.push(made);
  }

  redo(): void {
    const made = this.#undone.pop();
    if (!made) throw nothing('redo');
    const { memory } = made.world;
    if (memory instanceof OverlayMemory) memory.redo();
    else {
      memory.write(made.change.address, made.change.after, made.change.text);
      this.#stored(made.world, made.change.address, made.change.after);
    }
    this.#done.push(made);
  }

  /** The changes as a session keeps them. */
  kept(): SessionFile['changes'] {
    return { done: this.#done.map(keptChange), undone: this.#undone.map(keptChange) };
  }

  /**
   * Makes the changes of a session again: in a capture's overlay where its bytes are what they
   * were, in a simulated machine's memory they stand already.
   * @returns those that could not be made: their world is not there, or its memory differs
   */
  restore(kept: SessionFile['changes'], worlds: readonly World[]): SessionFile['changes'] {
    const failed: { done: KeptChange[]; undone: KeptChange[] } = { done: [], undone: [] };
    this.#done = [];
    this.#undone = [];
    for (const each of kept.done) if (!this.#remake(each, worlds)) failed.done.push(each);
    const redone: Made[] = [];
    for (const each of kept.undone.toReversed())
      if (this.#remake(each, worlds)) redone.push(this.#done.at(-1)!);
      else failed.undone.unshift(each);
    for (const made of redone.toReversed()) {
      this.#done.pop();
      if (made.world.memory instanceof OverlayMemory) made.world.memory.undo();
      this.#undone.push(made);
    }
    return failed;
  }

  #remake(kept: KeptChange, worlds: readonly World[]): boolean {
    const world = worlds.find(({ name }) => name === kept.world);
    const before = bytesFromDigits(kept.before);
    const after = bytesFromDigits(kept.after);
    if (!world || !before || !after || before.length !== after.length) return false;
    const address = BigInt(kept.address);
    const { memory } = world;
    let change: Change = { id: this.#next, address, before, after, text: kept.text };
    if (memory instanceof OverlayMemory) {
      if (!holds(memory, address, before)) return false;
      const made = memory.write(address, after, kept.text);
      if (typeof made === 'string') return false;
      change = made;
    }
    this.#done.push({ id: this.#next++, world, path: kept.path, change });
    return true;
  }

  /** Forgets the changes of a world that is no longer there. */
  forget(world: World): void {
    for (const list of [this.#done, this.#undone])
      for (let index = list.length - 1; index >= 0; index--)
        if (list[index].world === world) list.splice(index, 1);
  }

  /** Paths of the entries that are changed now. */
  paths(): string[] {
    return this.#done.flatMap(({ path }) => (path === undefined ? [] : [path]));
  }

  /** The words of an entry as they were before all changes; undefined when none is about it. */
  before(world: World, entry: Entry): Words | undefined {
    const length = entry.layout.width / 8;
    const end = entry.address + BigInt(length);
    const about = this.#done.filter(
      ({ world: of, change }) =>
        of === world &&
        change.address < end &&
        change.address + BigInt(change.after.length) > entry.address,
    );
    if (about.length === 0) return undefined;
    const bytes = toBytes(entry.words, length);
    for (const { change } of about.toReversed())
      for (const [index, byte] of change.before.entries()) {
        const at = Number(change.address - entry.address) + index;
        if (at >= 0 && at < length) bytes[at] = byte;
      }
    const words = toWords(bytes);
    return words.every((word, index) => word === entry.words[index]) ? undefined : words;
  }
}

/** Whether a memory has these bytes there, all of them within one page. */
function holds(memory: OverlayMemory, address: bigint, bytes: Uint8Array): boolean {
  const offset = Number(address & 0xfffn);
  if (offset + bytes.length > PAGE_SIZE) return false;
  const page = memory.page(pfnOf(address));
  return isKnown(page) && bytes.every((byte, index) => page[offset + index] === byte);
}

function keptChange({ world, path, change }: Made): KeptChange {
  return {
    world: world.name,
    ...(path === undefined ? {} : { path }),
    text: change.text,
    address: hex(change.address),
    before: bytesToDigits(change.before),
    after: bytesToDigits(change.after),
  };
}

function item({ id, world, path, change }: Made): ChangeItem {
  return {
    id,
    world: world.name,
    path,
    text:
      path && change.text.startsWith(`${path} `) ? change.text.slice(path.length + 1) : change.text,
    address: hex(change.address),
    before: bytesText(change.before),
    after: bytesText(change.after),
  };
}

function newWords(entry: Entry, field: string, value: bigint): bigint[] {
  try {
    return withField(entry.layout, entry.words, field, value);
  } catch (error) {
    throw new Failure(
      'usage',
      `${(error as Error).message}.`,
      'Nothing was changed.',
      'Give a field of this entry and a value that fits it.',
    );
  }
}

function toBytes(words: Words, length: number): Uint8Array {
  const bytes = new Uint8Array(Math.ceil(length / WORD_BYTES) * WORD_BYTES);
  const view = new DataView(bytes.buffer);
  for (const [index, word] of words.entries())
    if (index * WORD_BYTES < bytes.length) view.setBigUint64(index * WORD_BYTES, word, true);
  return bytes.subarray(0, length);
}

function toWords(bytes: Uint8Array): bigint[] {
  const padded = new Uint8Array(Math.ceil(bytes.length / WORD_BYTES) * WORD_BYTES);
  padded.set(bytes);
  const view = new DataView(padded.buffer);
  return Array.from({ length: padded.length / WORD_BYTES }, (_, index) =>
    view.getBigUint64(index * WORD_BYTES, true),
  );
}

/** Bytes as 64-bit words, the lowest-addressed first: `0x1 0x0`. */
function bytesText(bytes: Uint8Array): string {
  return toWords(bytes)
    .map((word) => hex(word))
    .join(' ');
}

function nothing(what: string): Failure {
  return new Failure(
    'usage',
    `There is nothing to ${what}.`,
    'No change was made.',
    'Change a field first.',
  );
}
