import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Electron's program below a package's folder, when it was fetched already: requiring Electron's
 * package would fetch it now.
 */
export function electronProgram(packageRoot: string): string | undefined {
  const folder = join(packageRoot, 'node_modules/electron');
  const named = join(folder, 'path.txt');
  if (!existsSync(named)) return undefined;
  const program = join(folder, 'dist', readFileSync(named, 'utf8').trim());
  return existsSync(program) ? program : undefined;
}
