import { hex, hexByte } from '../../format/hex.ts';
import { formatBdf } from '../../format/bdf.ts';
import { READ, WRITE } from '../../iommu/leaves.ts';
import type { DmaResult } from '../../machine/machine.ts';
import { readBytes } from '../../memory/physical.ts';
import { PageAllocator } from '../allocators.ts';
import { HpsaDriver } from '../hpsa-driver.ts';
import { registerWords } from '../evidence.ts';
import type { Played, Scenario, Strategy, TakeOver } from '../lab.ts';
import { Random } from '../random.ts';
import type { Buffer } from '../smart-array.ts';
import { SmartArray } from '../smart-array.ts';
import { StateWatch } from '../state.ts';
import type { Outcome, Story } from '../story.ts';
import { Stage } from '../story.ts';
import type { Domain } from '../vtd-driver.ts';
import { VtdDriver } from '../vtd-driver.ts';
import {
  CRASH_MEMORY,
  HOST_ADDRESS_WIDTH,
  hpsaMachine,
  OLD_MEMORY,
  RESERVED,
  UNIT,
} from './hpsa-platform.ts';

const BOTH = READ | WRITE;
const HPSA = 0x0200;
const BDF = formatBdf(HPSA);
/** Devices of the chipset, on bus 0. */
const OTHER_DEVICES = 0x00e8;
const ID = 'hpsa-stale-cache';
const PAGE_BYTES = 4096;

/** The first I/O virtual address that a fresh domain gives out: the thread's `fault addr`. */
const FIRST_IOVA = 0xffff_f000n;

/** hpsa sends so many no-ops before it goes on without an answer (HPSA_POST_RESET_NOOP_RETRIES). */
const NO_OP_ATTEMPTS = 12;

/**
 * How long things take, in seconds. Those of the driver are its own: the pause behind a reset
 * (HPSA_POST_RESET_PAUSE_MSECS), and ten looks for an answer, ten seconds apart
 * (HPSA_MSG_SEND_RETRY_LIMIT, _INTERVAL_MSECS). The others are like those of a server's boot.
 */
const SECONDS = {
  toTables: 0.9,
  toDriver: 1.6,
  boardReady: 7.2,
  afterReset: 3,
  noOp: 100,
  running: 184,
  dump: 6,
} as const;

/** The thread of 2016-11: hpsa P420i and P421 fault right after their reset in a kdump kernel. */
export const hpsaStaleCache: Scenario = {
  id: ID,
  title: 'hpsa: stale cache after the device is mapped anew',
  text: 'A Smart Array controller does DMA when the first kernel crashes. The kdump kernel lets it go on with copied tables, resets the controller, and gives it new tables. Its first read then faults with reason 06, although the entry of that page is valid.',
  source:
    '[PATCH v2] iommu/vt-d: Flush old iommu caches for kdump, Xunlei Pang, 2016-11-19 and -27',
  shows: { verdict: 'stale-cache', strategy: 'copy-tables' },
  play,
};

/** What a story is played with. */
interface Cast {
  readonly stage: Stage;
  readonly random: Random;
  readonly controller: SmartArray;
  readonly first: VtdDriver;
  readonly kernel: TakeOver;
  readonly hpsa: HpsaDriver;
}

function play(strategy: Strategy, seed: number): Played {
  const cast = assemble(seed);
  const { stage } = cast;
  const left = firstKernelRuns(cast);
  const before = registerWords(stage.machine);
  crash(cast);
  strategy.takeOver(cast.kernel);
  trafficGoesOn(cast);
  resetController(cast);
  const outcome = sendNoOps(cast, strategy, left) ? saveDump(cast, left) : loseDump(cast);
  const told = { outcome, steps: stage.steps } as const;
  const story: Story = {
    scenario: ID,
    strategy: strategy.id,
    seed,
    ...told,
    console: stage.console,
    times: stage.times,
    faults: stage.faults,
    verdict: verdictOf(cast, left, outcome),
    whatWouldChange: strategy.alternatives(told),
  };
  return { story, machine: stage.machine, before };
}

function assemble(seed: number): Cast {
  const random = new Random(seed);
  const machine = hpsaMachine();
  const watch = new StateWatch(machine, {
    id: HPSA,
    iova: FIRST_IOVA,
    owner: CRASH_MEMORY.owner,
  });
  const stage = new Stage(machine, () => watch.rows());
  const first = new VtdDriver(
    machine,
    new PageAllocator(OLD_MEMORY, random.between(0x1000, 0x8000), random.between(1, 5)),
    stage,
  );
  const driver = new VtdDriver(
    machine,
    new PageAllocator(CRASH_MEMORY, random.between(0x100, 0x800), random.between(1, 5)),
    stage,
  );
  const kernel = { stage, driver, unit: UNIT };
  const controller = new SmartArray(machine, HPSA);
  return { stage, random, controller, first, kernel, hpsa: new HpsaDriver(kernel, controller) };
}

/** What the first kernel leaves behind. */
interface FirstKernel {
  /** hpsa's domain. */
  readonly domain: Domain;
  /** hpsa's DMA pool. */
  readonly iova: bigint;
  readonly pages: number;
  /** Memory that the dump must hold: physical address and content at the panic. */
  readonly data: readonly { readonly address: bigint; readonly bytes: Uint8Array }[];
}

/**
 * The first kernel translates for some devices. hpsa's pool stands at the top of its domain:
 * Linux rounds sizes up to a power of two, so that the last pages of the range are taken and
 * not mapped.
 */
function firstKernelRuns({ stage, random, controller, first }: Cast): FirstKernel {
  const left = stage.step(
    {
      lane: 'old kernel',
      title: 'The first kernel turns DMA remapping on',
      text: ({ domain, iova, pages }) =>
        `Each device has a domain of its own; ${BDF} has domain ${domain.id}. Its DMA pool is mapped at ${hex(iova)} and takes ${pages} pages; the address range is rounded up to 16, and ${hex(FIRST_IOVA)} in it is not mapped.`,
    },
    () => {
      boot(stage);
      for (let other = random.between(2, 6); other > 0; other--)
        first.attach(OTHER_DEVICES + other, first.newDomain());
      const domain = first.newDomain();
      for (const { from, last } of RESERVED) first.mapIdentity(domain, from, last, BOTH);
      first.attach(HPSA, domain);
      const pages = random.between(9, 14);
      const memory = Array.from({ length: pages }, () => first.pages.page());
      const iova = first.map(domain, memory, BOTH);
      first.setRootTable();
      first.enableFaultEvents();
      first.enableTranslation();
      return { domain, iova, pages, data: writeData(first, random) };
    },
  );
  stage.step(
    {
      lane: 'device',
      title: 'The controller does DMA',
      text: 'Traffic of the first kernel. The unit caches the context entry and the translations that it uses.',
    },
    () => {
      const traffic = Array.from({ length: random.between(3, 6) }, (_, index): Buffer => {
        const iova = first.map(left.domain, [first.pages.page()], BOTH);
        const length = random.between(1, 8) * 512;
        return { iova, length, access: index % 3 === 2 ? 'read' : 'write' };
      });
      controller.give(traffic);
      controller.carryOn(traffic.length);
    },
  );
  return left;
}

/** Fills some pages of the first kernel, which the dump is checked against. */
function writeData(first: VtdDriver, random: Random): FirstKernel['data'] {
  return Array.from({ length: random.between(4, 8) }, () => {
    const address = first.pages.page();
    const bytes = new Uint8Array(PAGE_BYTES).map(() => random.between(0, 0xff));
    first.machine.memory.write(address, bytes, 'data of the first kernel');
    return { address, bytes };
  });
}

function crash({ stage, controller }: Cast): void {
  stage.step(
    {
      lane: 'old kernel',
      title: 'The first kernel panics',
      text: 'Nothing is shut down: the controller keeps its buffers, the unit keeps translating. The kdump kernel starts in the memory that was set aside for it.',
    },
    () => {
      stage.wait(SECONDS.running);
      stage.print('sysrq: SysRq : Trigger a crash');
      controller.carryOn(1);
    },
  );
  stage.step(
    {
      lane: 'kdump kernel',
      title: 'The kdump kernel finds the unit translating',
      text: 'GSTS.TES is set: tables of another kernel are in force.',
    },
    () => {
      stage.startKernel();
      boot(stage);
    },
  );
}

/** What a kernel prints before it looks at the tables. */
function boot(stage: Stage): void {
  const { unit } = stage.machine;
  const [base, cap, ecap] = [unit.base, unit.cap, unit.ecap].map((word) => word.toString(16));
  stage.print('Linux version 4.9.0-rc5+ (simulated)');
  stage.wait(SECONDS.toTables);
  stage.print(`DMAR: Host address width ${HOST_ADDRESS_WIDTH}`);
  stage.print(`DMAR: DRHD base: 0x${base.padStart(14, '0')} flags: 0x1`);
  stage.print(`DMAR: ${UNIT}: reg_base_addr ${base} ver 1:0 cap ${cap} ecap ${ecap}`);
  stage.print(`DMAR: ${UNIT}: Using Register based invalidation`);
}

function trafficGoesOn({ stage, random, controller }: Cast): void {
  stage.step(
    {
      lane: 'device',
      title: 'DMA in flight goes on',
      text: "The controller knows of no panic. Its requests reach the old buffers through the copied entry, which the unit caches: with the first kernel's domain and page tables.",
    },
    () => controller.carryOn(random.between(4, 9)),
  );
}

function resetController({ stage, controller, hpsa }: Cast): void {
  stage.step(
    {
      lane: 'device',
      title: 'hpsa resets the controller',
      text: 'The driver loads with reset_devices and resets the board by its doorbell. From now on nothing of the first kernel is in flight. The IOMMU is not told, and its caches stay as they are.',
    },
    () => {
      stage.wait(SECONDS.toDriver);
      stage.print('HP HPSA Driver (v 3.4.16-0)');
      hpsa.print('using doorbell to reset controller');
      controller.reset();
      stage.wait(SECONDS.afterReset + SECONDS.boardReady);
      hpsa.print('board ready after hard reset.');
      hpsa.print('Waiting for controller to respond to no-op');
    },
  );
}

/** The driver maps its first command and sends it, again and again. @returns whether one came back. */
function sendNoOps(cast: Cast, strategy: Strategy, left: FirstKernel): boolean {
  const { stage, hpsa } = cast;
  const domain = hpsa.attach(strategy);
  const command = stage.step(
    {
      lane: 'kdump kernel',
      title: 'The driver maps a no-op command',
      text: ({ iova }) =>
        `The reserved regions of ${BDF} and one page for the command are mapped in domain ${domain.id}. The first free address from the top of 32 bits is ${hex(iova)}.`,
    },
    () => {
      hpsa.mapReserved(RESERVED);
      const mapped = hpsa.mapPage();
      hpsa.writeNoOp(mapped.iova, mapped.page);
      return mapped;
    },
  );
  const first = stage.step(
    {
      lane: 'iommu',
      title: ({ read }) =>
        `The controller reads its command: ${read.ok ? 'translated by the new tables' : 'fault'}`,
      text: ({ read }) => firstRead(read, command.iova, left, domain),
      deciding: ({ answered }) => !answered,
    },
    () => hpsa.post(command.iova),
  );
  if (!first.answered) return tryAgain(cast);
  stage.step(
    {
      lane: 'kdump kernel',
      title: 'The no-op comes back',
      text: 'The controller is alive. The driver frees the command and invalidates its page.',
    },
    () => {
      hpsa.unmapPage(command.iova);
      stage.print('scsi host0: hpsa');
    },
  );
  return true;
}

function firstRead(read: DmaResult, iova: bigint, left: FirstKernel, domain: Domain): string {
  const decision = read.pieces[0]?.decision;
  if (decision?.result !== 'blocked')
    return `Nothing of the old domain is cached. The unit reads the context entry from memory, walks the tables of domain ${domain.id}, and the controller gets its command.`;
  return `The unit has the context entry of ${BDF} in its cache and does not read the one in memory. It walks the page tables of domain ${left.domain.id}, the first kernel's, where ${hex(iova)} is not mapped: reason ${hexByte(decision.reason)}, ${decision.name}. In the tables of domain ${domain.id} the page is mapped.`;
}

/** The first no-op was lost. @returns whether a later one came back. */
function tryAgain({ stage, kernel, hpsa }: Cast): boolean {
  const timedOut = (attempt: number): void => {
    kernel.driver.handleFaults();
    stage.wait(SECONDS.noOp);
    hpsa.print('controller message 03:00 timed out');
    hpsa.print(`no-op failed${attempt < NO_OP_ATTEMPTS ? '; re-trying' : ''}`);
  };
  stage.step(
    {
      lane: 'kdump kernel',
      title: 'The kernel reports the fault, the no-op times out',
      text: 'The fault handler reads the fault status and the fault recording register, prints them and clears them. The driver waits for an answer that cannot come. It does not free the command, since the controller might still read it.',
    },
    () => timedOut(1),
  );
  const again = stage.step(
    {
      lane: 'device',
      title: `The driver tries ${NO_OP_ATTEMPTS - 1} times more`,
      text: ({ blocked, wrong }) =>
        `Each command lies one page below the last. Blocked like the first: ${blocked}. On addresses that the first kernel's pool maps: ${wrong}; there the controller reads the first kernel's memory, without a fault, and finds no command.`,
    },
    () => {
      let blocked = 0;
      for (let attempt = 2; attempt <= NO_OP_ATTEMPTS; attempt++) {
        const { iova, page } = hpsa.mapPage();
        hpsa.writeNoOp(iova, page);
        const { answered, read } = hpsa.post(iova);
        if (answered) return { answered, blocked, wrong: attempt - 2 - blocked };
        if (!read.ok) blocked++;
        timedOut(attempt);
      }
      return { answered: false, blocked, wrong: NO_OP_ATTEMPTS - 1 - blocked };
    },
  );
  return again.answered;
}

/** The driver has given up on the controller. */
function loseDump({ stage, controller }: Cast): Outcome {
  return stage.step(
    {
      lane: 'kdump kernel',
      title: 'There is no disk to write the dump to',
      text: 'The controller never answered, and the disks behind it are not found. The dump is lost.',
    },
    () => (controller.disk.length === 0 ? 'device lost' : 'dump damaged'),
  );
}

/** The dump is written through the controller, page by page, and then compared. */
function saveDump({ stage, controller, hpsa }: Cast, { data }: FirstKernel): Outcome {
  const { memory } = stage.machine;
  return stage.step(
    {
      lane: 'kdump kernel',
      title: (outcome) => (outcome === 'dump saved' ? 'The dump is saved' : 'The dump is lost'),
      text: (outcome) =>
        outcome === 'dump saved'
          ? `${data.length} pages of the first kernel go through the controller, and the disk holds what memory held at the panic.`
          : 'What the disk holds is not what memory held at the panic.',
    },
    () => {
      stage.print('kdump: saving vmcore');
      for (const { address } of data) {
        const bytes = readBytes(memory, address, PAGE_BYTES);
        if (!(bytes instanceof Uint8Array) || !hpsa.save(bytes)) return 'device lost';
      }
      if (!data.every(({ bytes }, index) => sameBytes(bytes, controller.disk[index])))
        return 'dump damaged';
      stage.wait(SECONDS.dump);
      stage.print('kdump: saving vmcore complete');
      return 'dump saved';
    },
  );
}

function sameBytes(a: Uint8Array, b: Uint8Array | undefined): boolean {
  return a.length === b?.length && a.every((byte, index) => byte === b[index]);
}

function verdictOf({ stage, hpsa }: Cast, left: FirstKernel, outcome: Outcome): string {
  const domain = hpsa.domain?.id;
  const [fault] = stage.faults;
  if (outcome !== 'device lost')
    return `When ${BDF} moved to domain ${domain}, nothing of domain ${left.domain.id} was cached any more: its DMA went through the new tables from the first request on.`;
  if (!fault) return `${BDF} did not answer, and the unit recorded no fault.`;
  return `Reason ${hexByte(fault.reason ?? 0)} for ${hex(fault.address ?? 0n)}, although the entry of that page in domain ${domain} is valid: the unit used the context entry that it had cached from DMA in flight, with domain ${left.domain.id} and the first kernel's page tables. The controller never reads a command, and the dump has no disk to go to.`;
}
