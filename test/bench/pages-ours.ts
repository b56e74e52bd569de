/** Reads every page of a dump in order, once: seconds, processor seconds, pages and a checksum. */
import { openDump } from '../../core/dump/open.ts';
import { isKnown, pageOnce } from '../../core/memory/physical.ts';
import { fileSource, nodePlatform } from '../../electron/host/platform.ts';

const dump = openDump([fileSource(process.argv[2])], { platform: nodePlatform });
let pages = 0;
let checksum = 0;
const start = performance.now();
const before = process.cpuUsage();
for (const { from, to } of dump.memory.ranges())
  for (let pfn = from; pfn < to; pfn++) {
    const page = pageOnce(dump.memory, pfn);
    if (!isKnown(page)) continue;
    pages++;
    checksum = (checksum + page[0] + page[2048] + page[4095]) % 4294967296;
  }
const { user, system } = process.cpuUsage(before);
console.log(
  JSON.stringify({
    seconds: (performance.now() - start) / 1000,
    processor: (user + system) / 1e6,
    pages,
    checksum: String(checksum),
  }),
);
