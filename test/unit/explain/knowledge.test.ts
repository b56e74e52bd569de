import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { explainFault } from '../../../core/explain/explain.ts';
import { LogTexts } from '../../../core/explain/log-texts.ts';
import type { KnownFunction } from '../../../core/explain/functions.ts';
import {
  knowledgeTexts,
  matchKnowledge,
  matchLog,
  type KnowledgeContext,
  type KnowledgeEntry,
} from '../../../core/explain/knowledge.ts';
import { VERDICTS, type VerdictId } from '../../../core/explain/verdicts.ts';
import { parseBdf } from '../../../core/format/bdf.ts';
import type { FaultRecord } from '../../../core/iommu/fault.ts';
import { ROOT } from '../../support/captures.ts';
import { contextOf, crashLog, fault, storyOf } from './state.ts';

const FOLDER = join(ROOT, 'resources/knowledge');
const FILES = readdirSync(FOLDER).sort();
const ENTRIES = FILES.map(
  (name) => JSON.parse(readFileSync(join(FOLDER, name), 'utf8')) as KnowledgeEntry,
);

/** A case of a fault: what is known of it beside the record. */
interface Case {
  readonly fault?: Partial<FaultRecord>;
  readonly verdict?: VerdictId;
  /** The fault is the crash kernel's. */
  readonly crash?: boolean;
  /** Texts of the log, before the fault. */
  readonly log?: readonly string[];
  /** `bdf vendor:device class driver` of the machine's functions. */
  readonly functions?: readonly string[];
  readonly release?: string;
}

const amd: Partial<FaultRecord> = {
  vendor: 'amd',
  type: 'event',
  event: 'IO_PAGE_FAULT',
  reason: undefined,
};

/** A case that each entry is for, and changes of it that it is not for. */
const CASES: Readonly<Record<string, readonly [Case, ...Case[]]>> = {
  'copy-translation-tables': [
    { crash: true, fault: { reason: 1 }, verdict: 'entry-cleared' },
    { crash: false },
    { fault: { reason: 6 } },
    { verdict: 'stale-cache' },
  ],
  'flush-at-context-map': [
    { crash: true, fault: { reason: 6 }, verdict: 'stale-cache' },
    { crash: false },
    { fault: { reason: 2 } },
    { verdict: 'not-mapped' },
  ],
  'hpsa-after-reset': [
    { crash: true, fault: { reason: 6 }, log: ['hpsa ', 'ready after hard reset'] },
    { log: ['hpsa '] },
    { log: ['ready after hard reset'] },
    { crash: false },
  ],
  'interrupt-table-copy': [
    { crash: true, fault: { type: 'interrupt', reason: 0x22 }, verdict: 'interrupt-entry-absent' },
    { crash: false },
    { fault: { reason: 0x26 } },
    { verdict: 'interrupt-stale-cache' },
  ],
  'upper-context-table-lost': [
    { crash: true, fault: { reason: 0x39, bdf: '80:14.0' } },
    { fault: { reason: 0x39, bdf: '80:0f.7' } },
    { crash: false },
    { fault: { reason: 0x41, bdf: '80:14.0' } },
  ],
  'tables-refused': [
    { crash: true, log: ['Failed to copy translation tables'] },
    { log: [] },
    { crash: false },
  ],
  'amd-table-not-copied': [
    { crash: true, fault: amd, verdict: 'permission-missing' },
    { log: ['Copied DEV table'] },
    { log: ['Reused DEV table'] },
    { crash: false },
    { verdict: 'stale-cache' },
  ],
  'scalable-mode-copy': [
    { crash: true, fault: { reason: 0x39 }, release: '5.10.0' },
    { release: '6.1.0' },
    { release: '4.1.0' },
    { crash: false },
    { fault: { reason: 6 } },
  ],
  'interrupts-without-translation': [
    {
      crash: true,
      fault: { type: 'interrupt', reason: 0x22 },
      log: ['Enabled IRQ remapping in x2apic mode'],
    },
    { log: ['Enabled IRQ remapping in x2apic mode', 'IOMMU enabled'] },
    { log: [] },
    { crash: false },
    { fault: { type: 'interrupt', reason: 0x26 } },
  ],
  'deferred-attach-lost': [
    { crash: true, fault: { reason: 6 }, verdict: 'not-mapped', release: '5.5.0' },
    { release: '5.4.0' },
    { release: '5.6.0' },
    { crash: false },
    { verdict: 'stale-cache' },
  ],
  'amd-old-domain-flush': [
    { crash: true, fault: amd, verdict: 'stale-cache', log: ['Copied DEV table'] },
    { log: ['Reused DEV table'] },
    { crash: false },
    { verdict: 'not-mapped' },
  ],
  'amd-reused-domain-ids': [
    { crash: true, fault: amd, log: ['Reused DEV table'], release: '6.19.0' },
    { release: '7.1.5' },
    { log: ['Copied DEV table'] },
  ],
  'alias-function-1': [
    { fault: { bdf: '03:00.1' }, functions: ['03:00.0 1b4b:9230'] },
    { functions: ['03:00.0 1b4b:9999'] },
    { functions: ['03:00.0 1b4b:9230', '03:00.1 1b4b:9230'] },
    { fault: { bdf: '03:00.0' } },
  ],
  'alias-function-0': [
    { fault: { bdf: '04:00.0' }, functions: ['04:00.0 1180:e230', '04:00.3 1180:e476'] },
    { fault: { bdf: '04:00.3' } },
    { functions: ['04:00.0 1180:e230', '04:01.3 1180:e476'] },
  ],
  'alias-hidden-engine': [
    { fault: { bdf: '02:01.0' }, functions: ['02:00.0 9005:0285'] },
    { functions: ['03:00.0 9005:0285'] },
    { functions: ['02:00.0 9005:0285', '02:01.0 9005:0285'] },
  ],
  'alias-bridge': [
    { fault: { bdf: '05:00.0', reason: 2 }, functions: ['05:00.0 1b21:1080'] },
    { functions: ['05:00.0 1b21:1142'] },
    { fault: { bdf: '05:00.0', reason: 6 } },
  ],
  'usb-legacy-without-rmrr': [
    {
      fault: { bdf: '00:1d.0', reason: 6 },
      verdict: 'not-mapped',
      functions: ['00:1d.0 8086:1c26 0c0320'],
    },
    { functions: ['00:1d.0 8086:1c26 010601'] },
    { fault: { bdf: '00:1c.0', reason: 6 } },
    { verdict: 'stale-cache' },
  ],
  'compatibility-interrupt': [
    { fault: { type: 'interrupt', reason: 0x25 }, verdict: 'interrupt-compatibility' },
    { fault: { type: 'interrupt', reason: 0x22 } },
  ],
  'graphics-quirk': [
    { fault: { bdf: '00:02.0' }, functions: ['00:00.0 8086:2a40', '00:02.0 8086:2a42'] },
    { functions: ['00:00.0 8086:0104', '00:02.0 8086:0126'] },
    { fault: { bdf: '00:03.0' } },
  ],
  'firmware-framebuffer': [
    { fault: { bdf: '00:02.0', reason: 6, time: 0.4 } },
    { fault: { bdf: '00:02.0', reason: 6, time: 40 } },
    { fault: { bdf: '00:02.0', reason: 5, time: 0.4 } },
    { fault: { bdf: '00:02.0', reason: 6, time: undefined } },
  ],
  'megaraid-pass-through': [
    { fault: { reason: 5 }, functions: ['00:02.0 1000:0073 010400 megaraid_sas'] },
    { functions: ['00:02.0 1000:0073 010400 mpt3sas'] },
    { fault: { reason: 6 } },
  ],
  'dl320e-reserved-bits': [
    { fault: { reason: 0x0c, bdf: '00:1f.2' } },
    { fault: { reason: 0x0c, bdf: '00:1f.3' } },
    { fault: { reason: 0x06, bdf: '00:1f.2' } },
  ],
  'nvme-at-probe': [
    { fault: { ...amd, driver: 'nvme' } },
    { fault: { ...amd, driver: 'ahci' } },
    { crash: true },
  ],
  'event-without-device': [
    { fault: { ...amd, bdf: '00:00.0', domain: 0 } },
    { fault: { ...amd, bdf: '00:00.0', domain: 1 } },
    { fault: { ...amd, bdf: '00:00.1', domain: 0 } },
  ],
  'ats-invalidation-timeout': [
    { fault: { ...amd, event: 'IOTLB_INV_TIMEOUT' } },
    { fault: { ...amd, event: 'ILLEGAL_COMMAND_ERROR' } },
  ],
  'sysmgt-erratum-63': [
    { fault: { ...amd, address: 0xfd_f910_0300n } },
    { fault: { ...amd, address: 0xfd_f920_0000n } },
    { fault: { ...amd, address: 0xfd_f90f_ffffn } },
    { fault: { ...amd, address: undefined } },
  ],
  'ioat-wrong-unit': [
    { functions: ['00:02.0 8086:3c20 088000 ioatdma'] },
    { functions: ['00:02.0 8086:3c20 088000'] },
    { crash: true },
  ],
  'xhci-deliberate-fault': [
    { log: ['Zeroing 64bit base registers, expecting fault'] },
    { log: [] },
  ],
  'asmedia-64-bit': [
    { fault: { address: 0x1_0000_0000n }, functions: ['00:02.0 1b21:1142'] },
    { fault: { address: 0xffff_f000n } },
    { functions: ['00:02.0 1b21:1042'] },
  ],
  'off-is-masking': [
    { fault: { bdf: '00:12.0', address: 0n } },
    { fault: { bdf: '00:12.0', address: 0x1000n } },
    { fault: { bdf: '00:13.0', address: 0n } },
  ],
};

/** Lines that each entry about a log is for, and lines that it is not for. */
const LOGS: Readonly<Record<string, readonly [readonly string[], ...(readonly string[])[]]>> = {
  'snp-locked-registers': [
    ['Completion-Wait loop timed out', 'Copied DEV table'],
    ['Completion-Wait loop timed out'],
    ['Copied DEV table'],
  ],
  'interrupt-table-refused': [['Failed to copy IR table'], []],
  'enabled-without-kdump': [['but we are not in kdump mode'], []],
  'amd-interrupt-flag': [['Wrong old irq remapping flag'], []],
  'amd-device-table-size': [['device table size of IOMMU'], []],
  'ga-log-still-on': [['iommu_ga_log_enable'], []],
  'old-device-table-above-4g': [['old device table is above 4G'], []],
  'registers-all-ones': [
    ['Your BIOS is broken; DMAR reported at address', 'returns all ones'],
    ['Your BIOS is broken; DMAR reported at address'],
  ],
  'rmrr-outside-reserved': [['No firmware reserved region can cover this RMRR'], []],
  'rmrr-blocks-assignment': [
    ['ineligible for IOMMU domain attach due to platform RMRR requirement'],
    [],
  ],
  'azalia-without-tlb': [['ISOCH DMAR unit but no TLB space'], []],
  'interrupt-remapping-errata': [['This system BIOS has enabled interrupt remapping'], []],
  'x2apic-opt-out': [['x2apic is disabled because BIOS sets x2apic opt out bit'], []],
  'ioapic-not-in-ivrs': [['not in IVRS table'], []],
  'untrusted-skips-quirks': [['Skipping IOMMU quirk'], []],
};

function knownFunctions(texts: readonly string[] = []): KnownFunction[] {
  return texts.map((text) => {
    const [bdf, ids, code, driver] = text.split(' ');
    const [vendor, device] = ids.split(':').map((digits) => Number.parseInt(digits, 16));
    const { id, segment } = parseBdf(bdf)!;
    return {
      id,
      segment,
      vendor,
      device,
      class: code === undefined ? undefined : Number.parseInt(code, 16),
      driver,
    };
  });
}

function matches(entry: KnowledgeEntry, of: Case): boolean {
  const crash = of.crash ?? false;
  const release = of.release ?? '6.1.0';
  const log = crash ? crashLog() : crashLog().split('\n').slice(0, 2).join('\n');
  const text = log.replaceAll('6.1.0-50-amd64', release);
  const story = storyOf(text, Object.fromEntries((of.log ?? []).map((each) => [each, [9]])));
  const context: KnowledgeContext = {
    story,
    functions: knownFunctions(of.functions),
    driverOf: () => undefined,
  };
  const record = fault({ kernel: crash ? 1 : 0, ...of.fault });
  const found = { fault: record, verdict: of.verdict ?? 'undecided', context };
  return matchKnowledge([entry], found).length > 0;
}

describe('the knowledge base', () => {
  test('every entry is a file of its own with id, text and source', () => {
    for (const [index, entry] of ENTRIES.entries()) {
      expect(`${entry.id}.json`).toBe(FILES[index]);
      expect(entry.text.length).toBeGreaterThan(40);
      expect(entry.source.length).toBeGreaterThan(8);
      for (const verdict of entry.when.verdicts ?? []) expect(VERDICTS).toHaveProperty(verdict);
      expect(Object.keys(entry.when).length).toBeGreaterThan(0);
    }
  });

  test('every entry has a case', () => {
    expect([...Object.keys(CASES), ...Object.keys(LOGS)].sort()).toEqual(
      ENTRIES.map(({ id }) => id).sort(),
    );
  });

  test.each(Object.keys(CASES))('%s holds for its case and for none of the near misses', (id) => {
    const entry = ENTRIES.find((each) => each.id === id)!;
    const [hit, ...near] = CASES[id];
    expect(matches(entry, hit)).toBe(true);
    expect(near.length).toBeGreaterThan(0);
    for (const change of near)
      expect(
        matches(entry, { ...hit, ...change }),
        JSON.stringify(change, (_key, value: unknown) =>
          typeof value === 'bigint' ? `${value}` : value,
        ),
      ).toBe(false);
  });

  test.each(Object.keys(LOGS))('%s is found in a log by its lines', (id) => {
    const entry = ENTRIES.find((each) => each.id === id)!;
    const [hit, ...near] = LOGS[id];
    const found = (texts: readonly string[]) =>
      matchLog([entry], storyOf(crashLog(), Object.fromEntries(texts.map((text) => [text, [8]]))));
    expect(found(hit)).toEqual([{ entry, line: 8 }]);
    for (const texts of near) expect(found(texts)).toEqual([]);
    expect(matches(entry, { log: hit, crash: true })).toBe(false);
  });

  test('the lines of the threads, as crash kernels print them, lead to their entries', () => {
    const known = (release: string, ...lines: readonly string[]): string[] => {
      const texts = new LogTexts(knowledgeTexts(ENTRIES));
      const log = crashLog(...lines).replaceAll('6.1.0-50-amd64', release);
      texts.push(new TextEncoder().encode(log));
      texts.end();
      const told = storyOf(log);
      const story = { ...told, texts: texts.found() };
      const context = { story, driverOf: () => undefined };
      return told.faults.flatMap((each) =>
        matchKnowledge(ENTRIES, {
          fault: each,
          verdict: explainFault(each, contextOf([], { story })).verdict,
          context,
        }).map(({ id }) => id),
      );
    };
    // Seeds 000 and 002: N. Horman, 2010.
    expect(
      known(
        '2.6.33',
        'AMD-Vi: Event logged [IO_PAGE_FAULT device=00:14.1 domain=0x000d address=0x000000000245a0c0 flags=0x0070]',
      ),
    ).toEqual(['amd-table-not-copied']);
    // Seed 003: X. Pang, 2016.
    expect(
      known(
        '4.9.0-rc5+',
        'hpsa 0000:02:00.0: board ready after hard reset.',
        'DMAR: [DMA Read] Request device [02:00.0] fault addr fffff000 [fault reason 06] PTE Read access is not set',
      ),
    ).toContain('hpsa-after-reset');
    // Seed 004: Li Zhen-Hua, 2015.
    expect(
      known(
        '4.0.0',
        'dmar: DMAR:[DMA Read] Request device [01:00.0] fault addr fff80000',
        'DMAR:[fault reason 01] Present bit in root entry is clear',
      ),
    ).toContain('copy-translation-tables');
    expect(
      known(
        '4.0.0',
        'Enabled IRQ remapping in x2apic mode',
        'dmar: INTR-REMAP: Request device [[61:00.0] fault index 42',
        'INTR-REMAP:[fault reason 34] Present field in the IRTE entry is clear',
      ),
    ).toEqual(expect.arrayContaining(['interrupt-table-copy', 'interrupts-without-translation']));
  });

  test('a text counts only before the fault and in its own kernel', () => {
    const entry = ENTRIES.find(({ id }) => id === 'xhci-deliberate-fault')!;
    const [text] = knowledgeTexts([entry]);
    const at = (line: number): boolean =>
      matchKnowledge([entry], {
        fault: fault({ kernel: 1, line: 50 }),
        verdict: 'undecided',
        context: { story: storyOf(crashLog(), { [text]: [line] }), driverOf: () => undefined },
      }).length > 0;
    expect([3, 10, 50, 51].map(at)).toEqual([false, true, true, false]);
  });
});
