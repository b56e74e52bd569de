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
import { ui, uiParts } from './ui.ts';

const HERE = join(ROOT, 'test/bench');
const PYTHON = '/usr/bin/python3';
const ROOT_TABLE = '0x1000000';
const CLI = join(ROOT, 'dist/cli/faultline.mjs');

interface Measured {
  /** By the clock. */
  readonly seconds: number;
  /** Of processors, all threads together: what a busy machine does not stretch. */
  readonly processor: number;
  /** Peak resident memory, MiB. */
  readonly memory: number;
  readonly out: string;
}

/** Runs a command to its end; user, system and wall time and peak memory by GNU time. */
function measure(command: readonly string[]): Measured | undefined {
  const report = join(WORK, 'time.txt');
  const start = performance.now();
  const run = spawnSync('/usr/bin/time', ['-f', '%U %S %M', '-o', report, ...command], {
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
  const last = readFileSync(report, 'utf8').trim().split('\n').at(-1)!;
  const [user, system, memory] = last.split(' ').map(Number);
  return { seconds, processor: user + system, memory: memory / 1024, out: run.stdout };
}

/** Several runs of a command. */
interface Series {
  /** The median of each. */
  readonly seconds: number;
  readonly processor: number;
  readonly memory: number;
  /** Shortest and longest by the clock. */
  readonly spread: readonly [number, number];
  readonly outs: readonly string[];
}

const median = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)];

/** Runs commands in turn, so that what else the machine does hits all of them; the first round is not counted. */
function inTurn(commands: readonly (readonly string[])[], rounds: number): (Series | undefined)[] {
  const working = commands.map((command) => measure(command) !== undefined);
  const runs: Measured[][] = commands.map(() => []);
  for (let round = 0; round < rounds; round++)
    for (const [index, command] of commands.entries()) {
      const run = working[index] ? measure(command) : undefined;
      if (run) runs[index].push(run);
    }
  return runs.map((all) => {
    if (all.length === 0) return undefined;
    const seconds = all.map((run) => run.seconds);
    return {
      seconds: median(seconds),
      processor: median(all.map((run) => run.processor)),
      memory: median(all.map((run) => run.memory)),
      spread: [Math.min(...seconds), Math.max(...seconds)],
      outs: all.map((run) => run.out),
    };
  });
}

const show = (name: string, series: Series | undefined, note = ''): void =>
  console.log(
    series
      ? `  ${name.padEnd(36)} ${series.seconds.toFixed(3)} s (${series.spread.map((each) => each.toFixed(3)).join(' to ')}), processor ${series.processor.toFixed(3)} s, ${series.memory.toFixed(0)} MiB  ${note}`
      : `  ${name.padEnd(36)} not measured`,
  );

/** Ours over the peer's, medians by the clock. */
const ratio = (peer: Series | undefined, own: Series | undefined, goal: string): string =>
  peer && own ? `${(own.seconds / peer.seconds).toFixed(2)}x by the clock (goal ${goal})` : '';

/** The best time that any run of a series tells, and its checksum. */
function best(
  series: Series | undefined,
): { seconds: number; checksum: string; memory: number } | undefined {
  if (!series) return undefined;
  const all = series.outs.map((out) => JSON.parse(out) as { seconds: number; checksum: string });
  const { checksum } = all[0];
  return { seconds: Math.min(...all.map((run) => run.seconds)), checksum, memory: series.memory };
}

function sweep(): void {
  console.log('1. sweep of 4,194,304 leaves, pages in memory');
  const files = benchFiles();
  const program = join(WORK, 'sweep');
  const built = spawnSync('gcc', ['-O2', '-o', program, join(HERE, 'sweep.c')], {
    encoding: 'utf8',
  });
  if (built.status !== 0)
    console.log(`  skipped: gcc ${String(built.error ?? built.stderr).slice(0, 100)}`);
  const script = join(HERE, 'sweep_drgn.py');
  const [limit, own, byPage, byEntry] = [
    ...inTurn(
      [
        [program, files.elf, ROOT_TABLE],
        [process.execPath, join(HERE, 'sweep-ours.ts'), files.elf, files.registers],
      ],
      3,
    ),
    ...inTurn([[PYTHON, script, files.elf, ROOT_TABLE, 'pages']], 3),
    ...inTurn([[PYTHON, script, files.elf, ROOT_TABLE, 'entries']], 1),
  ].map(best);
  const tell = (name: string, what: typeof own, note: string): void =>
    console.log(
      what
        ? `  ${name.padEnd(36)} ${what.seconds.toFixed(4)} s, ${what.memory.toFixed(0)} MiB  ${note}`
        : `  ${name.padEnd(36)} not measured`,
    );
  tell('C -O2', limit, '');
  tell(
    'faultline',
    own,
    limit && own ? `${(own.seconds / limit.seconds).toFixed(2)}x of C (goal 1.5x)` : '',
  );
  for (const [name, peer] of [
    ['drgn script, page by page', byPage],
    ['drgn script, entry by entry', byEntry],
  ] as const)
    tell(
      name,
      peer,
      peer && own ? `${(peer.seconds / own.seconds).toFixed(0)}x of faultline (goal 50x)` : '',
    );
  const sums = [limit, own, byPage, byEntry]
    .filter((each) => each !== undefined)
    .map((each) => each.checksum);
  if (new Set(sums).size > 1) throw new Error(`the sweeps disagree: ${sums.join(' ')}`);
}

/** Median over a series of what its runs print. */
function printed(series: Series | undefined): { processor: number; checksum: string } | undefined {
  if (!series) return undefined;
  const all = series.outs.map((out) => JSON.parse(out) as { processor: number; checksum: string });
  return { processor: median(all.map((each) => each.processor)), checksum: all[0].checksum };
}

function pages(): void {
  console.log('2. sequential page reads of a 1 GiB zlib kdump, one core');
  const files = benchFiles();
  const one = ['taskset', '-c', '0'];
  const [theirs, ours] = inTurn(
    [
      [...one, PYTHON, join(HERE, 'pages_libkdumpfile.py'), files.kdump],
      [...one, process.execPath, join(HERE, 'pages-ours.ts'), files.kdump],
    ],
    3,
  );
  const [peer, own] = [theirs, ours].map(printed);
  show('libkdumpfile', theirs, peer ? `reading alone: ${peer.processor.toFixed(2)} s` : '');
  show(
    'faultline',
    ours,
    peer && own
      ? `reading alone: ${own.processor.toFixed(2)} s, ${(peer.processor / own.processor).toFixed(2)}x its rate (goal 1.5x)`
      : '',
  );
  if (peer && own && peer.checksum !== own.checksum) throw new Error('the readers disagree');
}

function start(): void {
  console.log('3. from the command to the complete device list, whole process');
  if (!existsSync(CLI)) throw new Error('run `npm run build` first');
  const files = benchFiles();
  const vmcore = join(ROOT, 'build/captures/intel-6.1/vmcore');
  const all: [string, string[]][] = [
    ['tables, 1 GiB kdump', [files.kdump, '--registers', files.registers]],
    ['tables, 64 GiB sparse kdump', [files.sparse, '--registers', files.registers]],
    ['tables, captured vmcore, by kernel', [vmcore]],
  ];
  const cases = all.filter(([name, [path]]) => {
    if (!existsSync(path)) console.log(`  skipped: ${name}: ${path} is not here`);
    return existsSync(path);
  });
  const [bare, ...ours] = inTurn(
    [
      [process.execPath, '-e', '0'],
      ...cases.map(([, sources]) => [process.execPath, CLI, 'tables', ...sources]),
    ],
    15,
  );
  show('node -e 0', bare);
  for (const [index, [name]] of cases.entries())
    show(name, ours[index], ratio(bare, ours[index], '4x'));
  if (!existsSync(vmcore)) return;
  const [dmesg, release] = inTurn(
    [
      ['makedumpfile', '--dump-dmesg', '-f', vmcore, '/dev/null'],
      ['crash', '--osrelease', vmcore],
    ],
    5,
  );
  show('makedumpfile --dump-dmesg', dmesg, 'for scale');
  show('crash --osrelease', release, 'for scale');
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
  const [grep, ours] = inTurn(
    [
      shell(`grep -aE 'DMAR|AMD-Vi|INTR-REMAP' ${log}`),
      shell(`${process.execPath} ${CLI} faults ${log} --ndjson`),
    ],
    7,
  );
  show('grep -aE, one thread', grep);
  show('faultline faults, two threads', ours, ratio(grep, ours, '2x'));
}

const BENCHMARKS: Readonly<Record<string, () => void | Promise<void>>> = {
  sweep,
  pages,
  start,
  faults,
  ui,
};
/** Measured when they are named. */
const PARTS: typeof BENCHMARKS = uiParts;
const wanted = process.argv.slice(2);
for (const name of wanted.length > 0 ? wanted : Object.keys(BENCHMARKS)) {
  const benchmark = BENCHMARKS[name] ?? PARTS[name];
  if (!benchmark)
    throw new Error(
      `there is no benchmark ${name}; there are ${Object.keys({ ...BENCHMARKS, ...PARTS }).join(', ')}`,
    );
  await benchmark();
}
writeFileSync(join(WORK, 'last-run.txt'), new Date().toISOString());
