import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import type { ScriptOutput } from '../../../core/protocol/contract.ts';
import { DEFAULT_LIMITS, type ScriptLimits } from '../../../electron/host/script/messages.ts';
import { ScriptRunner, type ScriptCall } from '../../../electron/host/script/runner.ts';
import { ROOT } from '../../support/captures.ts';

/** A door that answers what the tests ask, and remembers what was asked. */
function door(answers: Record<string, (body: Record<string, unknown>) => unknown> = {}): {
  call: ScriptCall;
  asked: string[];
} {
  const asked: string[] = [];
  return {
    asked,
    call: async (name, body) => {
      asked.push(name);
      const answer = answers[name];
      if (!answer) throw new Error(`${name} is not answered in this test.`);
      return answer(body as Record<string, unknown>);
    },
  };
}

const runners: ScriptRunner[] = [];
afterAll(async () => {
  for (const runner of runners) await runner.dispose();
});

async function run(
  source: string,
  options: {
    repl?: boolean;
    limits?: Partial<ScriptLimits>;
    call?: ScriptCall;
    runner?: ScriptRunner;
    signal?: AbortSignal;
  } = {},
): Promise<ScriptOutput[]> {
  const runner =
    options.runner ??
    new ScriptRunner(options.call ?? door().call, { ...DEFAULT_LIMITS, ...options.limits });
  if (!runners.includes(runner)) runners.push(runner);
  const out: ScriptOutput[] = [];
  await runner.run(
    source,
    options.repl ?? false,
    (output) => void out.push(output),
    options.signal ?? new AbortController().signal,
  );
  return out;
}

const end = (out: readonly ScriptOutput[]): string => {
  const last = out.at(-1)!;
  return last.kind === 'done' ? last.state : `no end but ${last.kind}`;
};

describe('a script', () => {
  test('prints, with types taken out and addresses in hexadecimal', async () => {
    const out = await run(
      'const a: bigint = 0x1f00000n;\nprint("at", a, { bdf: "00:06.0", list: [1, 2] });',
    );
    expect(out[0]).toEqual({
      kind: 'print',
      text: 'at 0x1f00000 { bdf: "00:06.0", list: [1, 2] }',
    });
    expect(end(out)).toBe('finished');
  });

  test('draws a chart of numbers, pairs and points', async () => {
    const out = await run("chart([5, 6, 7], 'a'); chart([[1, 2], { x: 3, y: 4 }]); chart([NaN]);");
    expect(out[0]).toEqual({ kind: 'chart', title: 'a', x: [0, 1, 2], y: [5, 6, 7], dropped: 0 });
    expect(out[1]).toEqual({ kind: 'chart', title: '', x: [1, 3], y: [2, 4], dropped: 0 });
    expect(out[2]).toMatchObject({ kind: 'error', text: expect.stringMatching(/all finite/) });
    expect(end(out)).toBe('failed');
  });

  test('awaits at top level', async () => {
    const out = await run('const a = await Promise.resolve(3); print(a);');
    expect(out[0]).toEqual({ kind: 'print', text: '3' });
  });

  test.each([
    ['a thrown error', 'let a = 1;\n\nnull!.x;', /TypeError/, 3],
    ['a syntax error', 'let a = 1;\nlet = ;', /SyntaxError/, 2],
    ['TypeScript that cannot be stripped', 'enum A { B }', /enum/, 1],
    [
      'a rejected promise',
      '\nawait Promise.reject(new RangeError("far"));',
      /RangeError: far/,
      undefined,
    ],
    [
      'a promise that never comes',
      'await new Promise(() => {});',
      /nothing will settle/,
      undefined,
    ],
  ])('%s is reported with its line', async (_, source, text, line) => {
    const out = await run(source);
    expect(end(out)).toBe('failed');
    const error = out.find((each) => each.kind === 'error')!;
    expect(error).toMatchObject({ text: expect.stringMatching(text) as string });
    if (line !== undefined) expect(error).toMatchObject({ line });
  });

  test('reads through the contract, lazily', async () => {
    const pages = [
      { leaves: [['0x1000', '0x5000', '0x1000', 'rw']], next: '0x2000', incomplete: [] },
      { leaves: [['0x2000', '0x6000', '0x1000', 'r']], incomplete: [] },
    ];
    const { call, asked } = door({
      'devices.list': () => ({
        devices: [
          {
            unit: 'dmar0',
            bdf: '00:06.0',
            translation: 'second-stage',
            path: 'dmar0/00:06.0/context',
          },
        ],
      }),
      'mappings.read': (body) => pages[body['from'] === '0x0' ? 0 : 1],
    });
    const out = await run(
      `for (const leaf of device('00:06.0').mappings()) print(leaf.iova, leaf.rights);
       for (const leaf of device('00:06.0').mappings()) { print('first', leaf.pa); break; }`,
      { call },
    );
    expect(out.filter((each) => each.kind === 'print').map((each) => each.text)).toEqual([
      '0x1000 rw',
      '0x2000 r',
      'first 0x5000',
    ]);
    expect(asked.filter((name) => name === 'mappings.read')).toHaveLength(3);
  });

  test('gets a failure of the contract as an error with all its sentences', async () => {
    const call: ScriptCall = async () => {
      throw Object.assign(new Error('No such entry.'), {
        means: 'The path names nothing.',
        advice: 'List the devices.',
      });
    };
    const out = await run('entry("dmar9")', { call });
    expect(out[0]).toMatchObject({
      kind: 'error',
      text: 'Error: No such entry. The path names nothing. List the devices.',
    });
  });
});

describe('the REPL', () => {
  test('keeps what a line declared, and shows values', async () => {
    const runner = new ScriptRunner(door().call);
    runners.push(runner);
    expect(await run('const a = 41n', { repl: true, runner })).toMatchObject([{ kind: 'done' }]);
    expect(await run('a + 1n', { repl: true, runner })).toMatchObject([
      { kind: 'value', text: '0x2a' },
      { kind: 'done' },
    ]);
    expect(await run('await Promise.resolve("x")', { repl: true, runner })).toMatchObject([
      { kind: 'value', text: 'x' },
      { kind: 'done' },
    ]);
  });

  test('goes on after an error and after a stopped line', async () => {
    const runner = new ScriptRunner(door().call);
    runners.push(runner);
    await run('let b = 1; b.c.d', { repl: true, runner });
    expect(await run('b', { repl: true, runner })).toMatchObject([
      { kind: 'value', text: '1' },
      { kind: 'done' },
    ]);
    const abort = new AbortController();
    const running = run('while (true) {}', { repl: true, runner, signal: abort.signal });
    abort.abort();
    expect(end(await running)).toBe('stopped');
    expect(end(await run('1', { repl: true, runner }))).toBe('finished');
  });
});

describe('hostile scripts are stopped, and the engine goes on', () => {
  test.each([
    ['an endless loop', 'while (true) {}', 'limit'],
    ['an endless loop that catches', 'for (;;) { try { for (;;) {} } catch {} }', 'limit'],
    [
      'a memory bomb of arrays',
      'const a: unknown[] = []; for (;;) a.push(new Uint8Array(1 << 20).fill(1));',
      'limit',
    ],
    ['a giant string', 'let s = "x"; for (;;) s += s;', 'failed'],
    ['deep recursion', 'const f = (): number => f() + 1; f();', 'failed'],
    [
      'a promise flood',
      'const f = (): Promise<void> => Promise.resolve().then(f); await f();',
      'limit',
    ],
    ['an output flood', 'for (;;) print("x".repeat(90000));', 'limit'],
    ['a cyclic value', 'const a: Record<string, unknown> = {}; a.a = a; print(a);', 'finished'],
    ['a getter that never ends', 'print({ get a() { for (;;) {} } });', 'limit'],
  ])('%s', async (_, source, state) => {
    const out = await run(source, { limits: { seconds: 1.5, memory: 32 << 20, output: 1 << 20 } });
    expect(end(out)).toBe(state);
    expect(end(await run('print(1)'))).toBe('finished');
  });

  test.each([16 << 20, 24_000_000, 32 << 20])(
    'a promise flood that fills %i bytes of memory first',
    async (memory) => {
      const flood = 'const f = (): Promise<void> => Promise.resolve().then(f); await f();';
      const out = await run(flood, { limits: { seconds: 60, memory } });
      expect(end(out)).toBe('limit');
      expect(out.find((each) => each.kind === 'error')?.text).toMatch(/MiB of memory/);
    },
  );

  test.each([
    [
      'the constructor chain',
      'print((print as any).constructor("return typeof process")())',
      'undefined',
    ],
    [
      'the global object',
      'print(["process", "require", "fetch", "globalThis.process", "Worker", "WebAssembly", "document"].map((n) => { try { return eval(`typeof ${n}`) } catch { return "undefined" } }).join())',
      'undefined,undefined,undefined,undefined,undefined,undefined,undefined',
    ],
    [
      'replacing the API',
      'try { (globalThis as any).print = 1 } catch (e) { print((e as Error).name) }',
      'TypeError',
    ],
    [
      'polluting a prototype',
      '(Object.prototype as any).path = "dmar0"; try { poke({} as any, "P", 0) } catch (e) { print((e as Error).message) }',
      'entry.poke is not answered in this test.',
    ],
  ])('%s leads nowhere', async (_, source, text) => {
    const out = await run(source);
    expect(out[0]).toMatchObject({ kind: 'print', text });
  });

  test('importing a module is refused', async () => {
    expect(end(await run('import fs from "node:fs"; print(fs)'))).toBe('failed');
  });

  test('a call outside the door is refused', async () => {
    const { call, asked } = door();
    // The API offers no such call; a door reached some other way would still be shut.
    await run('1', { call });
    expect(asked).toEqual([]);
  });

  test('stop ends a script that waits for an answer', async () => {
    const abort = new AbortController();
    const call: ScriptCall = () =>
      new Promise(() => {
        abort.abort();
      });
    expect(end(await run('units()', { call, signal: abort.signal }))).toBe('stopped');
  });
});

test('the declarations name what the sandbox has', async () => {
  const declarations = readFileSync(join(ROOT, 'resources/scripts/faultline.d.ts'), 'utf8');
  const names = [...declarations.matchAll(/^declare (?:function|const) (\w+)/gm)].map(
    (match) => match[1],
  );
  expect(names.length).toBeGreaterThan(10);
  const out = await run(
    `print(${JSON.stringify(names)}.filter((n) => typeof (globalThis as any)[n] !== 'function').join() || 'all')`,
  );
  expect(out[0]).toMatchObject({ text: 'all' });
});

test('every bundled script is TypeScript that can be stripped', async () => {
  const { stripTypes } = await import('../../../electron/host/script/strip.ts');
  for (const name of readdirSync(join(ROOT, 'resources/scripts')).filter((each) =>
    /(?<!\.d)\.ts$/.test(each),
  ))
    expect(stripTypes(readFileSync(join(ROOT, 'resources/scripts', name), 'utf8'))).toHaveProperty(
      'code',
    );
});
