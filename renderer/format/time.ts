/** Seconds of a kernel's clock: 6 decimals in detail, 3 in columns. */
export function seconds(time: number, decimals: 3 | 6 = 3): string {
  return time.toFixed(decimals);
}

/** A span for people: `41 ms`, `3.2 s`, `4 min 10 s`. */
export function duration(span: number): string {
  const size = Math.abs(span);
  if (size < 0.001) return `${Math.round(span * 1e6)} µs`;
  if (size < 1) return `${Math.round(span * 1000)} ms`;
  if (size < 120) return `${trim(span.toFixed(1))} s`;
  const minutes = Math.floor(size / 60);
  return `${minutes} min ${Math.round(size - minutes * 60)} s`;
}

const trim = (text: string): string => text.replace(/\.0$/, '');

const KERNELS = ['first kernel', 'second kernel', 'third kernel'];

/** Names a time base: clocks restart with every kernel. */
export function kernelName(kernel: number): string {
  return KERNELS[kernel] ?? `kernel ${kernel + 1}`;
}
