/** A raw word (or several) of every layout, and its fields that are not zero. */
import type { Layout } from '../../../../core/bits/layout.ts';
import { ENTRY_VECTORS } from './vectors-entries.ts';
import { QUEUE_VECTORS } from './vectors-queues.ts';
import { REGISTER_VECTORS } from './vectors-registers.ts';

export interface Vector {
  readonly of: Layout;
  /** A capture, a program that writes or reads the word, a log that shows it. */
  readonly from: string;
  readonly words: readonly bigint[];
  /** All fields that are not zero. */
  readonly fields: Readonly<Record<string, bigint | number>>;
}

export const VECTORS: readonly Vector[] = [...ENTRY_VECTORS, ...QUEUE_VECTORS, ...REGISTER_VECTORS];
