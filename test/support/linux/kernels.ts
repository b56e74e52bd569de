import {
  findKernelsSteps,
  openKernelSteps,
  type Kernel,
  type KernelOptions,
} from '../../../core/linux/kernel.ts';
import { vmcoreinfoSteps, type FoundVmcoreinfo } from '../../../core/linux/vmcoreinfo.ts';
import type { Failure } from '../../../core/memory/failure.ts';
import type { PhysicalMemory } from '../../../core/memory/physical.ts';
import { finish } from '../../../core/memory/steps.ts';

/** The searches of a memory, each all at once. */

export function scanVmcoreinfo(memory: PhysicalMemory): FoundVmcoreinfo[] {
  return finish(vmcoreinfoSteps(memory));
}

export function openKernel(memory: PhysicalMemory, options: KernelOptions = {}): Kernel | Failure {
  return finish(openKernelSteps(memory, options));
}

export function findKernels(memory: PhysicalMemory): Kernel[] {
  return finish(findKernelsSteps(memory));
}
