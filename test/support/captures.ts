import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { zstdDecompressSync } from 'node:zlib';

/**
 * Real captures for tests. The small files of each stand in `test/fixtures/captures`; the vmcores
 * and the dump formats made of them stand in `../shared/captures`, expanded once into
 * `build/captures` by `test/support/global-setup.ts`.
 */
export const ROOT = resolve(dirname(fileURLToPath(import.meta.url)), '../..');
export const SHARED = resolve(ROOT, '../shared/captures');
const FIXTURES = join(ROOT, 'test/fixtures/captures');
const EXPANDED = join(ROOT, 'build/captures');

export const CAPTURES = [
  'intel-6.1',
  'intel-6.1-off',
  'intel-5.10',
  'intel-6.12-sm',
  'amd-6.1',
  'amd-7.2-reuse',
] as const;
export type CaptureName = (typeof CAPTURES)[number];

/** Captures that have a vmcore. */
export const WITH_VMCORE = ['intel-6.1', 'intel-5.10', 'intel-6.12-sm', 'amd-6.1'] as const;

/** Dump formats of the same memory that expand.sh makes; a split set is three files. */
export const FORMATS = [
  'kdump.none',
  'kdump.zlib',
  'kdump.lzo',
  'kdump.snappy',
  'kdump.zstd',
  'flat.elf',
  'flat.zlib',
  'split',
  'lime',
  'raw',
] as const;

/** The bytes of a small capture file, unpacked: `console.log`, `tables.before.elf`, `regs.crash.json`. */
export function captureBytes(name: CaptureName, file: string): Buffer {
  const plain = join(FIXTURES, name, file);
  if (existsSync(plain)) return readFileSync(plain);
  return zstdDecompressSync(readFileSync(`${plain}.zst`));
}

/** A small capture file as JSON. */
export function captureJson<T = unknown>(name: CaptureName, file: string): T {
  return JSON.parse(captureBytes(name, file).toString('utf8')) as T;
}

/** The path of a small capture file, unpacked under `build/fixtures` when it is packed. */
export function capturePath(name: CaptureName, file: string): string {
  const plain = join(FIXTURES, name, file);
  if (existsSync(plain)) return plain;
  const out = join(ROOT, 'build/fixtures', name, file);
  if (!existsSync(out)) {
    mkdirSync(dirname(out), { recursive: true });
    const part = `${out}.${process.pid}`;
    writeFileSync(part, captureBytes(name, file));
    renameSync(part, out);
  }
  return out;
}

/**
 * Paths of a large file of a capture (`vmcore`, or a member of FORMATS), or undefined when
 * `../shared` or a program that makes the format is missing: the test then skips, with a word.
 */
export function expandedPaths(name: CaptureName, file: string): string[] | undefined {
  const at = join(EXPANDED, name);
  const paths =
    file === 'split'
      ? [1, 2, 3].map((part) => join(at, `formats/split.${part}`))
      : [
          FORMATS.includes(file as (typeof FORMATS)[number])
            ? join(at, 'formats', file)
            : join(at, file),
        ];
  return paths.every((path) => existsSync(path)) ? paths : undefined;
}

/** Why captures' large files are missing, for the skip line. */
export const MISSING_CAPTURE =
  'needs ../shared/captures, expanded by its expand.sh (zstd, makedumpfile, libsnappy1v5, python3)';
