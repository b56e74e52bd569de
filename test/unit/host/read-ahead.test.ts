import { closeSync, mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { readAhead } from '../../../electron/host/read-ahead.ts';

const folder = mkdtempSync(join(tmpdir(), 'faultline-ahead-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const HALF = 4096;

/** A file's bytes as they come through two halves. */
function throughHalves(path: string): Uint8Array {
  const memory = new SharedArrayBuffer(2 * HALF);
  const halves = [new Uint8Array(memory, 0, HALF), new Uint8Array(memory, HALF, HALF)] as const;
  const fd = openSync(path, 'r');
  const ahead = readAhead(fd, halves);
  const parts: Uint8Array[] = [];
  try {
    for (let turn = 0; ; turn++) {
      const length = ahead.next();
      if (length === 0) break;
      ahead.release();
      parts.push(halves[turn & 1].slice(0, length));
    }
  } finally {
    ahead.end();
    closeSync(fd);
  }
  return Buffer.concat(parts);
}

test.each([0, 1, HALF - 1, HALF, HALF + 1, 2 * HALF, 801 * HALF + 17])(
  'a file of %i bytes comes as it is',
  (length) => {
    const bytes = Uint8Array.from({ length }, (_, at) => (at * 2654435761) >>> 24);
    const path = join(folder, `${length}`);
    writeFileSync(path, bytes);
    expect(Buffer.compare(throughHalves(path), bytes)).toBe(0);
  },
);

test('what can’t be read is said where it was asked for', () => {
  const memory = new SharedArrayBuffer(2 * HALF);
  const halves = [new Uint8Array(memory, 0, HALF), new Uint8Array(memory, HALF, HALF)] as const;
  const fd = openSync(folder, 'r');
  const ahead = readAhead(fd, halves);
  try {
    expect(() => ahead.next()).toThrow(/EISDIR/);
  } finally {
    ahead.end();
    closeSync(fd);
  }
});
