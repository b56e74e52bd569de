import { dirname, join } from 'node:path';
import { KeyChoices } from '../../core/protocol/contract-preferences.ts';
import type { SessionFolder } from './session-folder.ts';
import { readText, writeWhole } from './state-folder.ts';

/** Name of the file beside the sessions. */
const FILE = 'keys.json';
const FORMAT = 'faultline.keys/1';

/** What a person set for all sessions; a temporary session's goes with it. */
export class Preferences {
  readonly #path: string;

  constructor(folder: SessionFolder) {
    this.#path = join(folder.root === undefined ? folder.path : dirname(folder.root), FILE);
  }

  /** The keys; a file that is none of ours, or a damaged one, holds none. */
  get keys(): KeyChoices {
    const text = readText(this.#path);
    if (text === undefined) return {};
    try {
      const { schema, keys } = JSON.parse(text) as { schema?: unknown; keys?: unknown };
      const read = KeyChoices.safeParse(keys);
      return schema === FORMAT && read.success ? read.data : {};
    } catch {
      return {};
    }
  }

  set keys(keys: KeyChoices) {
    writeWhole(this.#path, `${JSON.stringify({ schema: FORMAT, keys }, null, 1)}\n`);
  }
}
