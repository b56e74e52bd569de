import type { Dump } from '../../../core/dump/dump.ts';
import { openDump } from '../../../core/dump/open.ts';
import type { Kernel } from '../../../core/linux/kernel.ts';
import { fileSource, nodePlatform } from '../../../electron/host/platform.ts';
import { expandedPaths, type CaptureName } from '../captures.ts';
import { openKernel } from './kernels.ts';

/** Opens the kernel of a capture's dump, or says undefined where captures are missing. */
export function capturedKernel(
  name: CaptureName,
  format = 'vmcore',
): { dump: Dump; kernel: Kernel } | undefined {
  const paths = expandedPaths(name, format);
  if (!paths) return undefined;
  const dump = openDump(paths.map(fileSource), {
    platform: nodePlatform,
    as: format === 'raw' ? 'raw' : undefined,
  });
  const kernel = openKernel(dump.memory, { vmcoreinfo: dump.vmcoreinfo });
  if (kernel instanceof Error) throw kernel;
  return { dump, kernel };
}
