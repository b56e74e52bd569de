/** Reads every page of a dump in order, once: seconds, pages and a checksum. */
import { openDump } from '../../core/dump/open.ts';
import { isKnown } from '../../core/memory/physical.ts';
import { fileSource, nodePlatform } from '../../electron/host/platform.ts';

const dump = openDump([fileSource(process.argv[2])], { platform: nodePlatform });
let pages = 0;
let checksum = 0;
const start = performance.now();
for (const { from, to } of dump.memory.ranges())
  for (let pfn = from; pfn < to; pfn++) {
    const page = dump.memory.page(pfn);
    if (!isKnown(page)) continue;
    pages++;
    checksum = (checksum + page[0] + page[2048] + page[4095]) % 4294967296;
  }
console.log(
  JSON.stringify({
    seconds: (performance.now() - start) / 1000,
    pages,
    checksum: String(checksum),
  }),
);
