/** How far long work is. */
export interface Progress {
  readonly done: number;
  readonly all: number;
}

/**
 * Long work in small steps: whoever drives it decides when the next one is done, so that an engine
 * stays answerable in between and can leave off. Each step takes some milliseconds.
 */
export type Steps<T> = Generator<Progress, T>;

/** Does all steps at once. @param step called between them */
export function finish<T>(steps: Steps<T>, step?: (done: number, all: number) => void): T {
  for (;;) {
    const { done, value } = steps.next();
    if (done) return value;
    step?.(value.done, value.all);
  }
}
