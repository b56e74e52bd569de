import { storyEvidence } from '../../../core/handoff/evidence.ts';
import { playStory } from '../../../core/handoff/run.ts';
import type { CallHandlers, FeedHandlers } from '../../../core/protocol/server.ts';
import { inspectDocument, inspectGroups } from '../../../core/session/inspect-document.ts';
import { findingItem } from '../../../core/session/view-fields.ts';
import { SAMPLE_TITLE, samplePaths } from '../sample.ts';
import { listFolder } from '../files.ts';
import { checkPath } from '../opening.ts';
import { dirname } from 'node:path';
import { pruneUploads } from '../uploads.ts';
import { copySession, listSessions, removeSession } from '../sessions.ts';
import type { Workbench } from '../workbench.ts';

/** A file that was sent so shortly ago may be about to be opened, ms. */
const JUST_SENT = 60_000;

/** The session itself: what is open, its own state, files of this machine. */
export function sessionCalls(bench: Workbench): CallHandlers {
  return {
    'session.get': () => bench.info(),
    'session.open': async ({ paths, add, as }) => {
      await bench.openings.open(paths, add, { raw: as === 'raw' });
      return bench.info();
    },
    'session.openSample': async ({ replay }) => {
      await bench.openings.open(samplePaths(), false, {
        replay,
        title: SAMPLE_TITLE,
      });
      return bench.info();
    },
    'session.openStory': async ({ scenario, strategy, seed }) => {
      const { console, memory, registers } = storyEvidence(playStory(scenario, strategy, seed));
      const keep = (name: string, text: string): string => bench.folder.keepText(name, text);
      const core = Buffer.from(memory).toString('latin1');
      const now = [
        keep('memory.elf', core),
        keep('registers.json', registers.now),
        keep('console.log', console),
      ];
      await bench.openings.open(now, false, { title: `Simulated: ${scenario}` });
      await bench.openings.openState([
        keep('first-kernel.elf', core),
        keep('first-kernel.json', registers.before),
      ]);
      return bench.info();
    },
    'session.openText': async ({ name, text, add }) => {
      await bench.openings.open([bench.folder.keepText(name, text)], add);
      return bench.info();
    },
    'session.locate': async ({ source, path }) => {
      checkPath(path);
      await bench.openings.locate(source, path);
      return {};
    },
    'session.rename': ({ title }) => {
      bench.folder.keep({ title });
      bench.pulse.changed();
      return {};
    },
    'session.copy': () => copySession(bench.folder),
    'sessions.list': () => listSessions(bench.folder),
    'sessions.remove': ({ path }) => {
      removeSession(bench.folder, path);
      // Files that pages sent go with the last session that names them.
      if (bench.folder.root !== undefined) pruneUploads(dirname(bench.folder.root), JUST_SENT);
      return {};
    },
    'session.close': async ({ source }) => {
      await bench.openings.close(source);
      return bench.info();
    },
    'files.list': ({ path }) => listFolder(path),
    inspect: () => {
      const { investigation } = bench;
      if (!investigation) return { groups: [], findings: [] };
      const groups = inspectGroups(inspectDocument(investigation));
      return {
        groups: groups.map(({ title, rows }) => ({ title, rows: [...rows] })),
        findings: investigation.findings().map(findingItem),
      };
    },
    'view.load': () => ({ state: bench.folder.view }),
    'view.save': ({ state }) => {
      bench.folder.view = state;
      return {};
    },
  };
}

/** The session's own changes, as often as its pulses beat. */
export function sessionFeeds(bench: Workbench): FeedHandlers {
  return {
    'session.changes': async (_request, sink) => {
      const tell = (): void => void sink.push(bench.info());
      const stop = bench.pulse.listen(tell);
      tell();
      await sink.over;
      stop();
    },
    'faults.changes': async (_request, sink) => {
      const tell = (): void => void sink.push({ all: bench.faults.size });
      const stop = bench.faultPulse.listen(tell);
      tell();
      await sink.over;
      stop();
    },
  };
}
