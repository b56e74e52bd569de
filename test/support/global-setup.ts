import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT, SHARED } from './captures.ts';

/** Expands the captures once a machine; tests that need them skip where that is not possible. */
export default function setup(): void {
  const script = join(SHARED, 'expand.sh');
  if (!existsSync(script)) {
    console.warn(`captures: ${SHARED} is not here; tests that need vmcores skip`);
    return;
  }
  const out = join(ROOT, 'build/captures');
  mkdirSync(out, { recursive: true });
  const run = spawnSync('bash', [script, out], { stdio: ['ignore', 'ignore', 'pipe'] });
  if (run.status !== 0)
    console.warn(
      `captures: expand.sh failed, some tests skip: ${String(run.stderr).trim().slice(-400)}`,
    );
}
