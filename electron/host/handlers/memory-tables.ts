import { decode } from '../../../core/bits/layout.ts';
import { hex } from '../../../core/format/hex.ts';
import { pfnOf } from '../../../core/memory/physical.ts';
import type { CallHandlers } from '../../../core/protocol/server.ts';
import { summaryOf } from '../../../core/session/registers-document.ts';
import type { Workbench } from '../workbench.ts';
import { worldOf } from './map.ts';

/** The structures that stand in memory, and what their entries mean. */
export function memoryTableCalls(bench: Workbench): CallHandlers {
  return {
    'memory.tables': async ({ unit, pages }, { signal }) => {
      const places = await bench.tablePlaces.get(worldOf(bench, unit), signal);
      return {
        tables: [...new Set(pages.map((page) => pfnOf(BigInt(page))))]
          .flatMap((pfn) => places.at(pfn))
          .map(({ entry, from, to }) => ({
            path: entry.path,
            address: hex(entry.address),
            width: entry.layout.width,
            from: hex(from),
            to: hex(to),
          })),
        cut: places.cut,
      };
    },
    'memory.entries': ({ paths }) => ({
      entries: paths.flatMap((path) => {
        const entry = bench.worlds.unit(path.split('/', 1)[0]).unit.entry(path);
        if (!entry) return [];
        const fields = summaryOf(decode(entry.layout, entry.words));
        return [{ path: entry.path, layout: entry.layout.name, text: fields || 'all zero' }];
      }),
    }),
  };
}
