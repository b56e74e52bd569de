import { expect, test, vi } from 'vitest';
import type { Steps } from '../../../core/memory/steps.ts';
import { Jobs } from '../../../electron/host/jobs.ts';
import { KeptAnswers } from '../../../electron/host/kept-answers.ts';
import { PausedWork, tellPart } from '../../../electron/host/paused-work.ts';

/** Work that waits for nothing, and remembers how far it came. */
class Counted {
  readonly jobs = new Jobs(() => {});
  readonly shown = { begin: () => this.jobs.begin('count', 'Counting'), tell: tellPart };
  done = 0;
  began = 0;

  /** @param atStep called in each step, before it counts */
  *steps(all: number, atStep: () => void = () => {}): Steps<number> {
    this.began++;
    for (let step = 0; step < all; step++) {
      atStep();
      this.done++;
      yield { done: this.done, all };
    }
    return this.done;
  }
}

/** Lasts longer than a turn. */
function busy(): void {
  const until = performance.now() + 15;
  while (performance.now() < until);
}

const never = (): AbortSignal => new AbortController().signal;

test('work shows as a job while somebody waits, and is done once for all', async () => {
  const counted = new Counted();
  const seen: number[] = [];
  const work = new PausedWork(
    counted.steps(3, () => {
      seen.push(counted.jobs.list().length);
      busy();
    }),
    counted.shown,
  );
  expect(await Promise.all([work.get(never()), work.get(never())])).toEqual([3, 3]);
  expect(seen).toEqual([1, 1, 1]);
  expect(counted.jobs.list()).toEqual([]);
  expect(await work.get(never())).toBe(3);
  expect(counted.began).toBe(1);
});

test('work pauses when the last who waited has gone, and goes on from there', async () => {
  const counted = new Counted();
  const abort = new AbortController();
  const work = new PausedWork(
    counted.steps(4, () => {
      busy();
      if (counted.done === 1) abort.abort();
    }),
    counted.shown,
  );
  await expect(work.get(abort.signal)).rejects.toMatchObject({ kind: 'cancelled' });
  expect(counted.done).toBe(2);
  expect(work.idle).toBe(true);
  expect(counted.jobs.list()).toEqual([]);
  expect(await work.get(never())).toBe(4);
});

test('what is cancelled before its first turn is never begun', async () => {
  const counted = new Counted();
  const abort = new AbortController();
  const work = new PausedWork(counted.steps(1), counted.shown);
  const answer = work.get(abort.signal);
  abort.abort();
  await expect(answer).rejects.toMatchObject({ kind: 'cancelled' });
  expect(counted.began).toBe(0);
});

test('what the work throws, everybody who waits hears', async () => {
  const counted = new Counted();
  const broken = new Error('broken');
  const work = new PausedWork(
    counted.steps(2, () => {
      throw broken;
    }),
    counted.shown,
  );
  const answers = await Promise.allSettled([work.get(never()), work.get(never())]);
  expect(answers.map((answer) => answer.status === 'rejected' && answer.reason)).toEqual([
    broken,
    broken,
  ]);
});

test('an answer is kept until its stamp changes, and made anew after an error', async () => {
  const counted = new Counted();
  let stamp = 'a';
  const answers = new KeptAnswers<number>(() => stamp, counted.shown.begin);
  const get = (): Promise<number> => answers.get('count', () => counted.steps(2), never());
  expect([await get(), await get()]).toEqual([2, 2]);
  expect(counted.began).toBe(1);
  stamp = 'b';
  expect(await get()).toBe(4);
  const failing = (): Steps<number> =>
    counted.steps(1, () => {
      throw new Error('once');
    });
  await expect(answers.get('other', failing, never())).rejects.toThrow('once');
  expect(await answers.get('other', () => counted.steps(1), never())).toBe(5);
});

test('who waits for an answer that is forgotten gets the new one', async () => {
  const counted = new Counted();
  let stamp = 'a';
  const answers = new KeptAnswers<string>(() => stamp, counted.shown.begin);
  function* made(): Steps<string> {
    const of = stamp;
    busy();
    yield { done: 1, all: 2 };
    if (of === 'a') {
      stamp = 'b';
      answers.forget();
    }
    busy();
    yield { done: 2, all: 2 };
    return of;
  }
  expect(await answers.get('key', made, never())).toBe('b');
});

test('work that a person stops keeps what it has, and goes on from there', async () => {
  const counted = new Counted();
  const work = new PausedWork(counted.steps(6, busy), counted.shown);
  const answer = work.get(never());
  await vi.waitUntil(() => counted.done > 0);
  const before = performance.now();
  counted.jobs.stop('count');
  const [stopped] = counted.jobs.list();
  expect(stopped).toMatchObject({ stopped: true, percent: Math.floor((counted.done / 6) * 100) });
  const { done } = counted;
  // As long as the work would have taken: it stands still.
  await new Promise((resolve) => setTimeout(resolve, 150));
  expect(counted.done).toBe(done);
  expect(counted.jobs.list()).toEqual([stopped]);
  expect(performance.now() - before).toBeGreaterThan(100);
  counted.jobs.resume('count');
  expect(await answer).toBe(6);
  expect(counted.jobs.list()).toEqual([]);
});

test('who waits for stopped work can go, and what is given up is said to be cancelled', async () => {
  const counted = new Counted();
  const work = new PausedWork(counted.steps(6, busy), counted.shown);
  const abort = new AbortController();
  const first = work.get(abort.signal);
  await vi.waitUntil(() => counted.done > 0);
  counted.jobs.stop('count');
  abort.abort();
  await expect(first).rejects.toMatchObject({ kind: 'cancelled' });
  expect(counted.jobs.list()).toEqual([]);
  const second = work.get(never());
  await vi.waitUntil(() => counted.jobs.list().length > 0);
  counted.jobs.stop('count');
  counted.jobs.giveUp('count');
  await expect(second).rejects.toMatchObject({
    kind: 'cancelled',
    message: 'Counting was stopped.',
  });
  // Running work is not given up: nobody stopped it.
  const third = work.get(never());
  counted.jobs.giveUp('count');
  expect(await third).toBe(6);
});
