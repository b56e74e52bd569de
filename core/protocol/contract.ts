import type { z } from 'zod';
import { auditCalls } from './contract-audit.ts';
import { compareCalls } from './contract-compare.ts';
import { consoleCalls, consoleFeeds } from './contract-console.ts';
import { faultCalls, faultFeeds } from './contract-faults.ts';
import { jobCalls } from './contract-jobs.ts';
import { jumpCalls } from './contract-jump.ts';
import { labCalls, labFeeds } from './contract-lab.ts';
import { mapCalls } from './contract-map.ts';
import { memoryCalls } from './contract-memory.ts';
import { noteCalls } from './contract-notes.ts';
import { preferencesCalls } from './contract-preferences.ts';
import { registerCalls } from './contract-registers.ts';
import { scanCalls } from './contract-scan.ts';
import { sessionCalls, sessionFeeds } from './contract-session.ts';
import { sessionsCalls } from './contract-sessions.ts';
import { stateCalls } from './contract-states.ts';
import { tableCalls } from './contract-tables.ts';
import { timelineCalls } from './contract-timeline.ts';
import { translateCalls } from './contract-translate.ts';

export * from './items-session.ts';
export * from './items-tables.ts';
export * from './items-faults.ts';
export * from './items-console.ts';
export * from './items-machine.ts';
export * from './items-handoff.ts';
export * from './items-script.ts';

/**
 * The one contract between the engine and every view of it: *calls* (request, answer, cancel) and
 * *feeds* (a subscription with credit: the engine sends only as many items as the view granted,
 * and coalesces what it may). Both ends check every message against these schemas.
 * Each area stands in a file of its own, `contract-<area>.ts`.
 */

/** Every call: what goes in and what comes back. */
export const calls = {
  ...auditCalls,
  ...compareCalls,
  ...consoleCalls,
  ...faultCalls,
  ...jobCalls,
  ...jumpCalls,
  ...labCalls,
  ...mapCalls,
  ...memoryCalls,
  ...noteCalls,
  ...preferencesCalls,
  ...registerCalls,
  ...scanCalls,
  ...sessionCalls,
  ...sessionsCalls,
  ...stateCalls,
  ...tableCalls,
  ...timelineCalls,
  ...translateCalls,
} as const;

/** Every feed: what is asked for, and one item of it. */
export const feeds = {
  ...consoleFeeds,
  ...faultFeeds,
  ...labFeeds,
  ...sessionFeeds,
} as const;

export type Calls = typeof calls;
export type CallName = keyof Calls;
export type CallRequest<N extends CallName> = z.input<Calls[N]['request']>;
export type CallAnswer<N extends CallName> = z.output<Calls[N]['answer']>;

export type Feeds = typeof feeds;
export type FeedName = keyof Feeds;
export type FeedRequest<N extends FeedName> = z.input<Feeds[N]['request']>;
export type FeedItem<N extends FeedName> = z.output<Feeds[N]['item']>;
