/**
 * One fault as a console or a unit tells it. The fields are those of the command line's
 * contract; what a line does not say is absent.
 */
export interface FaultRecord {
  /** 1-based line of the log where the record starts. */
  readonly line: number;
  /** Seconds of the kernel's own clock, as printed. */
  readonly time?: number;
  /** Which kernel of the log printed it, from 0. */
  readonly kernel: number;
  readonly vendor: 'intel' | 'amd';
  readonly type: 'dma' | 'interrupt' | 'event';
  readonly access?: 'read' | 'write';
  /** `02:00.0`, with the segment only when it is not 0. */
  readonly bdf?: string;
  readonly pasid?: number;
  readonly address?: bigint;
  /** VT-d fault reason number. */
  readonly reason?: number;
  readonly reasonName?: string;
  /** AMD-Vi event name. */
  readonly event?: string;
  readonly domain?: number;
  readonly flags?: bigint;
  readonly flagNames?: readonly string[];
  /** Interrupt remapping table index. */
  readonly index?: number;
  /** Raw words that the log dumps for this fault (fault records, DTE[n], CMD[n], table entries). */
  readonly raw?: readonly bigint[];
  /** The fault status register that announced it. */
  readonly status?: number;
}
