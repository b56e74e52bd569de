/**
 * `npm run bench [NAME...]`: the speeds that README.md in this folder speaks of, each as a ratio
 * against a peer or a C program in the same run, with peak memory of each. A peer that is not
 * installed is skipped with a word.
 */
import { spawnSync } from 'node:child_process';
import {
  closeSync,
  existsSync,
  openSync,
  readFileSync,
  renameSync,
  statSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { captureBytes, ROOT } from '../support/captures.ts';
import { benchFiles, WORK } from './machine.ts';
import { ui } from './ui.ts';

const HERE = join(ROOT, 'test/bench');
const PYTHON = '/usr/bin/python3';
const ROOT_TABLE = '0x1000000';
const CLI = join(ROOT, 'dist/cli/faultline.mjs');

interface Measured {
  readonly seconds: number;
  /** Peak resident memory, MiB. */
  readonly memory: number;
  readonly out: string;
}

/** Runs a command to its end; user, system and wall time and peak memory by GNU time. */
function measure(command: readonly string[]): Measured | undefined {
  const report = join(WORK, 'time.txt');
  const start = performance.now();
  const run = spawnSync('/usr/bin/time', ['-f', '%e %M', '-o', report, ...command], {
    encoding: 'utf8',
    maxBuffer: 1 << 28,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const seconds = (performance.now() - start) / 1000;
  if (run.error || run.status === null || run.status > 4) {
    console.log(
      `  skipped: ${command.slice(0, 3).join(' ')} … ${String(run.error ?? run.stderr)
        .trim()
        .slice(0, 200)}`,
    );
    return undefined;
  }
  const [, memory] = readFileSync(report, 'utf8').trim().split('\n').at(-1)!.split(' ').map(Number);
  return { seconds, memory: memory / 1024, out: run.stdout };
}

/** The median of several runs after one that is not counted. */
function repeated(command: readonly string[], runs = 5): Measured | undefined {
  if (!measure(command)) return undefined;
  const all = Array.from({ length: runs }, () => measure(command)!).sort(
    (a, b) => a.seconds - b.seconds,
  );
  return all[Math.floor(runs / 2)];
}

const parsed = (
  measured: Measured | undefined,
): { seconds: number; checksum: string } | undefined =>
  measured && (JSON.parse(measured.out) as { seconds: number; checksum: string });

const line = (
  name: string,
  seconds: number | undefined,
  memory: number | undefined,
  note = '',
): void =>
  console.log(
    `  ${name.padEnd(34)} ${seconds === undefined ? 'not measured' : `${seconds.toFixed(4)} s`}  ${memory === undefined ? '' : `${memory.toFixed(0)} MiB`}  ${note}`,
  );

function sweep(): void {
  console.log('1. sweep of 4,194,304 leaves, pages in memory');
  const files = benchFiles();
  const program = join(WORK, 'sweep');
  const built = spawnSync('gcc', ['-O2', '-o', program, join(HERE, 'sweep.c')], {
    encoding: 'utf8',
  });
  if (built.status !== 0)
    console.log(`  skipped: gcc ${String(built.error ?? built.stderr).slice(0, 100)}`);
  const c = built.status === 0 ? measure([program, files.elf, ROOT_TABLE]) : undefined;
  const ours = measure([process.execPath, join(HERE, 'sweep-ours.ts'), files.elf, files.registers]);
  const script = join(HERE, 'sweep_drgn.py');
  const drgn = measure([PYTHON, script, files.elf, ROOT_TABLE, 'pages']);
  const entries = measure([PYTHON, script, files.elf, ROOT_TABLE, 'entries']);
  const [limit, own, byPage, byEntry] = [c, ours, drgn, entries].map(parsed);
  line('C -O2', limit?.seconds, c?.memory);
  line(
    'faultline',
    own?.seconds,
    ours?.memory,
    limit && own ? `${(own.seconds / limit.seconds).toFixed(2)}x of C (goal 1.5x)` : '',
  );
  for (const [name, peer, memory] of [
    ['drgn script, page by page', byPage, drgn?.memory],
    ['drgn script, entry by entry', byEntry, entries?.memory],
  ] as const)
    line(
      name,
      peer?.seconds,
      memory,
      peer && own
        ? `${(peer.seconds / own.seconds).toFixed(0)}x slower than faultline (goal 50x)`
        : '',
    );
  const sums = [limit, own, byPage, byEntry]
    .filter((each) => each !== undefined)
    .map((each) => each.checksum);
  if (new Set(sums).size > 1) throw new Error(`the sweeps disagree: ${sums.join(' ')}`);
}

function pages(): void {
  console.log('2. sequential page reads of a 1 GiB zlib kdump, one core');
  const files = benchFiles();
  const one = ['taskset', '-c', '0'];
  const theirs = repeated([...one, PYTHON, join(HERE, 'pages_libkdumpfile.py'), files.kdump], 3);
  const ours = repeated([...one, process.execPath, join(HERE, 'pages-ours.ts'), files.kdump], 3);
  const [peer, own] = [theirs, ours].map(parsed);
  line('libkdumpfile', peer?.seconds, theirs?.memory);
  line(
    'faultline',
    own?.seconds,
    ours?.memory,
    peer && own ? `${(peer.seconds / own.seconds).toFixed(2)}x its rate (goal 1.5x)` : '',
  );
  if (peer && own && peer.checksum !== own.checksum) throw new Error('the readers disagree');
}

function start(): void {
  console.log('3. from the command to the complete device list, whole process');
  if (!existsSync(CLI)) throw new Error('run `npm run build` first');
  const files = benchFiles();
  const bare = repeated([process.execPath, '-e', '0'], 9);
  line('node -e 0', bare?.seconds, bare?.memory);
  const vmcore = join(ROOT, 'build/captures/intel-6.1/vmcore');
  const cases: [string, string[]][] = [
    ['tables, 1 GiB kdump', [files.kdump, '--registers', files.registers]],
    ['tables, 64 GiB sparse kdump', [files.sparse, '--registers', files.registers]],
    ['tables, captured vmcore, by kernel', [vmcore]],
  ];
  for (const [name, sources] of cases) {
    if (!existsSync(sources[0])) {
      console.log(`  skipped: ${name}: ${sources[0]} is not here`);
      continue;
    }
    const ours = repeated([process.execPath, CLI, 'tables', ...sources], 9);
    line(
      name,
      ours?.seconds,
      ours?.memory,
      bare && ours ? `${(ours.seconds / bare.seconds).toFixed(2)}x of bare node (goal 4x)` : '',
    );
  }
  if (existsSync(vmcore)) {
    const dmesg = repeated(['makedumpfile', '--dump-dmesg', '-f', vmcore, '/dev/null'], 5);
    line('makedumpfile --dump-dmesg', dmesg?.seconds, dmesg?.memory, 'for scale');
    const release = repeated(['crash', '--osrelease', vmcore], 5);
    line('crash --osrelease', release?.seconds, release?.memory, 'for scale');
  }
}

/** A 1 GiB console log: a real one, again and again. */
function bigLog(): string {
  const path = join(WORK, 'console.log');
  if (existsSync(path) && statSync(path).size >= 2 ** 30) return path;
  const text = captureBytes('intel-6.1', 'console.log');
  const fd = openSync(`${path}.part`, 'w');
  for (let written = 0; written < 2 ** 30; written += text.length) writeSync(fd, text);
  closeSync(fd);
  renameSync(`${path}.part`, path);
  return path;
}

function faults(): void {
  console.log('4. faults out of a 1 GiB console log to NDJSON');
  const log = bigLog();
  const out = join(WORK, 'out.txt');
  const shell = (command: string): string[] => ['sh', '-c', `${command} > ${out}`];
  const grep = repeated(shell(`grep -aE 'DMAR|AMD-Vi|INTR-REMAP' ${log}`), 3);
  const ours = repeated(shell(`${process.execPath} ${CLI} faults ${log} --ndjson`), 3);
  line('grep -aE', grep?.seconds, grep?.memory);
  line(
    'faultline faults --ndjson',
    ours?.seconds,
    ours?.memory,
    grep && ours ? `${(ours.seconds / grep.seconds).toFixed(2)}x of grep (goal 2x)` : '',
  );
}

const BENCHMARKS: Readonly<Record<string, () => void | Promise<void>>> = {
  sweep,
  pages,
  start,
  faults,
  ui,
};
const wanted = process.argv.slice(2);
for (const name of wanted.length > 0 ? wanted : Object.keys(BENCHMARKS)) {
  const benchmark = BENCHMARKS[name];
  if (!benchmark)
    throw new Error(
      `there is no benchmark ${name}; there are ${Object.keys(BENCHMARKS).join(', ')}`,
    );
  await benchmark();
}
writeFileSync(join(WORK, 'last-run.txt'), new Date().toISOString());
