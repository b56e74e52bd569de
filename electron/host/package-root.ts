import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/**
 * The folder of the installed package: where `resources/` and `dist/` stand, whether this code
 * runs from its sources, from `dist/` or from an Electron archive.
 */
export const PACKAGE_ROOT = find(dirname(fileURLToPath(import.meta.url)));

function find(from: string): string {
  for (let at = from; ; at = dirname(at)) {
    const file = join(at, 'package.json');
    if (
      existsSync(file) &&
      (JSON.parse(readFileSync(file, 'utf8')) as { name?: string }).name === 'faultline'
    )
      return at;
    if (dirname(at) === at) throw new Error(`no package.json of faultline above ${from}`);
  }
}

/** Whether this code runs from its TypeScript sources (tests, `node electron/…`). */
export const FROM_SOURCES = import.meta.url.endsWith('.ts');
