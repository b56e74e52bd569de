import type { CallHandlers, FeedHandlers } from '../../../core/protocol/server.ts';
import { findLine } from '../console/find.ts';
import { mentions } from '../console/mentions.ts';
import { overview } from '../console/overview.ts';
import { listPorts } from '../console/ports.ts';
import { checkPath } from '../opening.ts';
import type { Workbench } from '../workbench.ts';

/** Lines of one answer. */
const MAX_LINES = 4096;

/** Lines that name a device, told one by one. */
const MAX_MENTIONS = 1000;

/** Consoles: ports, recordings, logs. */
export function consoleCalls(bench: Workbench): CallHandlers {
  return {
    'serial.ports': async () => {
      const { ports, note } = await listPorts();
      return { ports: ports.map(({ path, name }) => ({ path, name })), note };
    },
    'console.connect': async (request) => {
      if (request.kind === 'tcp') {
        const { address, telnet } = request;
        return { console: await bench.hub.connect({ address, telnet }, request.typing) };
      }
      checkPortPath(request.path);
      if (request.kind === 'replay')
        return { console: await bench.hub.replay(request.path, 'start', request.speed) };
      const { typing, path, baud, dataBits, parity, stopBits } = request;
      const settings = { path, baud, dataBits, parity, stopBits };
      return { console: await bench.hub.connect(settings, typing) };
    },
    'console.disconnect': async ({ console }) => {
      await bench.hub.get(console).disconnect();
      return {};
    },
    'console.write': async ({ console, data }) => {
      const target = bench.hub.get(console);
      const { id, name, lineNow: line } = target;
      await target.write(data);
      bench.notes.wrote({ id, name, line }, data);
      return {};
    },
    'console.replay': ({ console, action, speed }) => {
      const replayed = bench.hub.get(console);
      replayed.replay(action, speed);
      return replayed.info;
    },
    'console.find': async ({ console, text, from, backwards }, { signal }) => ({
      line: await findLine(bench.hub.get(console).record, text, from, backwards, signal),
    }),
    'console.place': ({ console, line, before }) => {
      const { record } = bench.hub.get(console);
      const target = Math.min(line ?? record.lines, record.lines);
      const first = Math.max(1, target - before);
      const [start] = record.starts(first, first + 1);
      return { line: start?.line ?? 1, offset: start?.offset ?? 0, lines: record.lines };
    },
    'console.overview': ({ console, parts }) => {
      const { record, allMarks } = bench.hub.get(console);
      // A kernel of which only later lines are there has no start.
      const starts = (bench.hub.story(console)?.kernels ?? []).flatMap(({ line }) => [line]);
      return overview(allMarks, record.lines, parts, starts);
    },
    'console.mentions': async ({ bdf }, { signal }) => {
      const first: { console: string; line: number }[] = [];
      let lines = 0;
      for (const { id: console } of bench.hub.infos()) {
        const { record } = bench.hub.get(console);
        const found = await mentions(record, bdf, MAX_MENTIONS - first.length, signal);
        lines += found.lines;
        first.push(...found.first.map((line) => ({ console, line })));
        if (signal.aborted) break;
      }
      return { lines, first };
    },
    'console.lines': ({ console, from, to }) => {
      const { record, ...of } = linesOf(bench, console);
      const first = Math.max(1, from);
      const last = Math.min(to, first + MAX_LINES);
      const marks = new Map(of.marks(first, last).map((mark) => [mark.line, mark]));
      return {
        total: record.lines,
        from: first,
        lines: record
          .texts(first, last)
          .map(({ line, text }) => ({ line, text, mark: marks.get(line) })),
      };
    },
  };
}

/** What consoles say, from an offset on. */
export function consoleFeeds(bench: Workbench): FeedHandlers {
  return {
    'console.data': ({ console, from }, sink) => bench.hub.get(console).feed(from, sink),
  };
}

function linesOf(bench: Workbench, id: string) {
  const console = bench.hub.get(id);
  return {
    record: console.record,
    marks: (from: number, to: number) => console.marks(from, to),
  };
}

/** A port of Windows (`COM3`) is a name of its own; everything else is a plain path. */
function checkPortPath(path: string): void {
  if (process.platform === 'win32' && /^(\\\\\.\\)?COM\d{1,3}$/i.test(path)) return;
  checkPath(path);
}
