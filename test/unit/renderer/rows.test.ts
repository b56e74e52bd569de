import { describe, expect, it } from 'vitest';
import { PAGE, RowWindow } from '../../../renderer/state/rows.ts';
import { settled } from './fake-engine.ts';

/** Rows `0`, `1`, ... of a list that can change, and what was asked of it. */
function source(total: number) {
  const state = {
    total,
    prefix: 'a',
    asked: [] as string[],
    hold: undefined as Promise<void> | undefined,
  };
  const rows = new RowWindow<string>(async (from, to) => {
    state.asked.push(`${from}-${to}`);
    const { prefix } = state;
    await state.hold;
    const end = Math.min(to, state.total);
    return {
      total: state.total,
      from,
      rows: Array.from(
        { length: Math.max(0, end - from) },
        (_, index) => `${prefix}${from + index}`,
      ),
    };
  });
  return { state, rows };
}

describe('a window onto rows', () => {
  it('fetches only the pages that come into view', async () => {
    const { state, rows } = source(1_000_000);
    rows.show(0, 40);
    await settled();
    rows.show(500_000, 500_040);
    await settled();
    expect(state.asked).toEqual(['0-64', '499968-500032', '500032-500096']);
    expect(rows.state.get()).toMatchObject({ total: 1_000_000, known: true, loading: false });
    expect(rows.row(500_039)).toBe('a500039');
    expect(rows.row(100)).toBeUndefined();
  });

  it('keeps what shows until the newer rows are there', async () => {
    const { state, rows } = source(10);
    rows.show(0, 10);
    await settled();
    let release = (): void => {};
    state.hold = new Promise((resolve) => {
      release = resolve;
    });
    state.prefix = 'b';
    rows.refresh();
    await settled();
    expect(rows.row(3)).toBe('a3');
    release();
    await settled();
    expect(rows.row(3)).toBe('b3');
  });

  it('keeps a row that says the same as before: lists draw only those that are new', async () => {
    const said = {
      path: 'dmar0/root',
      words: ['0x1', '0x2'],
      note: undefined as string | undefined,
    };
    let answer = [said, { ...said, path: 'dmar0/ir' }];
    const rows = new RowWindow(() => Promise.resolve({ total: 2, from: 0, rows: answer }));
    rows.show(0, 2);
    await settled();
    answer = [
      { ...said, words: [...said.words] },
      { ...said, path: 'dmar0/ir', words: ['0x1', '0x3'] },
    ];
    rows.refresh();
    await settled();
    expect(rows.row(0)).toBe(said);
    expect(rows.row(1)?.words).toEqual(['0x1', '0x3']);
  });

  it('drops everything when another question is asked', async () => {
    const { state, rows } = source(10);
    rows.show(0, 10);
    await settled();
    state.prefix = 'c';
    rows.reset();
    expect(rows.row(3)).toBeUndefined();
    expect(rows.state.get().known).toBe(false);
    await settled();
    expect(rows.row(3)).toBe('c3');
  });

  it('does not let an old answer overtake a new one', async () => {
    const { state, rows } = source(10);
    let release = (): void => {};
    state.hold = new Promise((resolve) => {
      release = resolve;
    });
    rows.show(0, 10);
    await settled();
    const slow = state.hold;
    state.hold = undefined;
    state.prefix = 'new';
    rows.refresh();
    await settled();
    expect(rows.row(0)).toBe('new0');
    release();
    await slow;
    await settled();
    expect(rows.row(0)).toBe('new0');
  });

  it('takes the rows of the screen from another answer, and asks for the others only when they show', async () => {
    const { rows, state } = source(300);
    rows.show(70, 140);
    await settled();
    expect(rows.shown).toEqual({ from: PAGE, to: PAGE * 3 });
    state.asked.length = 0;
    state.prefix = 'b';
    const { from, to } = rows.shown;
    rows.accept({
      total: 500,
      from,
      rows: Array.from({ length: to - from }, (_, at) => `b${from + at}`),
    });
    await settled();
    expect(state.asked).toEqual([]);
    expect(rows.state.get().total).toBe(500);
    expect([rows.row(70), rows.row(139)]).toEqual(['b70', 'b139']);
    rows.show(0, 10);
    await settled();
    expect(state.asked).toEqual([`0-${PAGE}`]);
  });

  it('keeps a bounded number of pages', async () => {
    const { rows } = source(PAGE * 400);
    for (let page = 0; page < 400; page++) {
      rows.show(page * PAGE, page * PAGE + 1);
      await settled();
    }
    let kept = 0;
    for (let page = 0; page < 400; page++) if (rows.row(page * PAGE) !== undefined) kept++;
    expect(kept).toBeLessThanOrEqual(97);
    expect(rows.row(399 * PAGE)).toBe(`a${399 * PAGE}`);
  });

  it('says why rows are not there', async () => {
    const rows = new RowWindow<string>(() => Promise.reject(new Error('no tables here')));
    rows.show(0, 1);
    await settled();
    expect(rows.state.get().failure?.happened).toBe('no tables here');
    expect(rows.state.get().loading).toBe(false);
  });

  it('finds rows that are here, and fetches one that is needed', async () => {
    const { rows } = source(200);
    rows.show(0, 10);
    await settled();
    expect(rows.find((row) => row === 'a7')).toBe(7);
    expect(rows.find((row) => row === 'a150')).toBe(-1);
    expect(await rows.need(150)).toBe('a150');
    expect(rows.find((row) => row === 'a150')).toBe(150);
  });
});
