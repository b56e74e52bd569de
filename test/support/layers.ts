/**
 * `npm run check:layers`: proves the import rules of `.dependency-cruiser.cjs`, and fails when it
 * looked at too little to prove anything.
 */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { ROOT } from './captures.ts';

const run = spawnSync(
  process.execPath,
  [
    join(ROOT, 'node_modules/dependency-cruiser/bin/dependency-cruiser.mjs'),
    '--config',
    '.dependency-cruiser.cjs',
    '--output-type',
    'json',
    'core',
    'electron',
    'renderer',
  ],
  { cwd: ROOT, encoding: 'utf8', maxBuffer: 1 << 28 },
);

interface Report {
  readonly modules: readonly { readonly source: string }[];
  readonly summary: {
    readonly totalDependenciesCruised: number;
    readonly violations: readonly { rule: { name: string }; from: string; to: string }[];
  };
}

let report: Report;
try {
  report = JSON.parse(run.stdout) as Report;
} catch {
  console.error(`layers: dependency-cruiser gave no report: ${run.stderr.slice(0, 2000)}`);
  process.exit(1);
}
for (const folder of ['core', 'electron', 'renderer']) {
  const seen = report.modules.filter((module) => module.source.startsWith(`${folder}/`)).length;
  if (seen < 5) {
    console.error(`layers: saw only ${seen} files of ${folder}/; the check proves nothing`);
    process.exit(1);
  }
}
if (report.summary.totalDependenciesCruised < 50) {
  console.error('layers: saw fewer than 50 imports; the check proves nothing');
  process.exit(1);
}
for (const violation of report.summary.violations)
  console.error(`layers: ${violation.rule.name}: ${violation.from} -> ${violation.to}`);
if (report.summary.violations.length > 0) process.exit(1);
console.log(
  `layers: ${report.modules.length} files, ${report.summary.totalDependenciesCruised} imports, no violation`,
);
