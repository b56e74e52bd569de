import type { CallHandlers } from '../../../core/protocol/server.ts';
import { reportHtml } from '../../../core/session/report-html.ts';
import { reportMarkdown } from '../../../core/session/report-markdown.ts';
import { makeReport } from '../report.ts';
import type { Workbench } from '../workbench.ts';

/** Notes, and what was written to targets. */
export function noteCalls(bench: Workbench): CallHandlers {
  const all = () => ({ notes: bench.notes.list(), writes: [...bench.notes.writes()] });
  return {
    'notes.list': all,
    'notes.add': ({ pin, text }) => {
      const note = bench.notes.add(pin, text);
      bench.pulse.changed();
      return { note };
    },
    'notes.edit': ({ id, text }) => {
      const note = bench.notes.edit(id, text);
      bench.pulse.changed();
      return { note };
    },
    'notes.remove': ({ id }) => {
      bench.notes.remove(id);
      bench.pulse.changed();
      return all();
    },
    'report.make': async ({ format, ...options }, { signal }) => {
      const report = await makeReport(bench, options, signal);
      const name = (bench.title || 'session').replace(/[^\w.-]+/g, '-').replace(/^[-.]+|-+$/g, '');
      return format === 'html'
        ? { name: `${name || 'session'}-report.html`, text: reportHtml(report) }
        : { name: `${name || 'session'}-report.md`, text: reportMarkdown(report) };
    },
  };
}
