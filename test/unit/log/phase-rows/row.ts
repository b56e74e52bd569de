/** kernel-messages.md 3, 4, 1.6 and 2.4: the line, what it is, and what it tells. */
export type Row = readonly [line: string, phase: string, event: string, rest?: object];
