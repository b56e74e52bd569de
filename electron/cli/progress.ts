import { paint, type Io } from './io.ts';

export interface Meter {
  /** @param share 0 to 1. */
  show(share: number, detail: string): void;
  end(): void;
}

/** A progress line on a terminal for work that takes over a second: what, how far, how long still. */
export function progress(io: Io, what: string): Meter {
  if (!io.progress) return { show() {}, end() {} };
  const start = Date.now();
  let shown = 0;
  return {
    show(share, detail) {
      const now = Date.now();
      if (now - start < 1000 || now - shown < 200) return;
      shown = now;
      const left =
        share > 0.01 ? `, ${Math.ceil(((now - start) * (1 - share)) / share / 1000)} s left` : '';
      process.stderr.write(
        `\r\u001b[K${paint(io, 'dim', `${what}: ${Math.floor(share * 100)} %, ${detail}${left}`)}`,
      );
    },
    end() {
      if (shown) process.stderr.write('\r\u001b[K');
    },
  };
}
