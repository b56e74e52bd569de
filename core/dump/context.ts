import type { Platform } from '../memory/platform.ts';
import type { DumpFindings } from './findings.ts';

/** What every format's reader gets beside the bytes. */
export interface OpenContext {
  readonly platform: Platform;
  /** Bytes that decoded pages may take. */
  readonly cacheBytes: number;
  /** The bytes come out of a flattened stream. */
  readonly flattened: boolean;
  /** That stream ended before its end mark. */
  readonly cutOff: boolean;
  readonly findings: DumpFindings;
}
