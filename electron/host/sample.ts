import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { zstdDecompressSync } from 'node:zlib';
import { Failure } from '../../core/memory/failure.ts';
import { PACKAGE_ROOT } from './package-root.ts';
import { stateFolder } from './state-folder.ts';

/** Title of a session that holds the sample. */
export const SAMPLE_TITLE = 'Sample: intel-6.1';
const SAMPLE = ['vmcore', 'console.cast'];

/**
 * The files of the bundled sample; packed ones are unpacked once into the state folder.
 * @throws Failure when this copy of the program has none.
 */
export function samplePaths(folder = join(PACKAGE_ROOT, 'resources/samples/intel-6.1')): string[] {
  return SAMPLE.map((name) => {
    const plain = join(folder, name);
    if (existsSync(plain)) return plain;
    if (existsSync(`${plain}.zst`)) return unpacked(plain, name);
    throw new Failure(
      'system',
      'The sample is not part of this copy of Faultline.',
      `${plain} is not there.`,
      'Open a dump or a console log of your own.',
    );
  });
}

function unpacked(plain: string, name: string): string {
  const folder = join(stateFolder(), 'sample');
  const path = join(folder, name);
  const bytes = zstdDecompressSync(readFileSync(`${plain}.zst`));
  if (existsSync(path) && readFileSync(path).equals(bytes)) return path;
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  // Another engine may be reading the old one: it keeps it, and the next gets the new one.
  const part = `${path}.${process.pid}.part`;
  writeFileSync(part, bytes, { mode: 0o600 });
  renameSync(part, path);
  return path;
}
