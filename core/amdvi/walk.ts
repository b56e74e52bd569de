/**
 * What the unit would do with one request: translate it, or refuse it with an event
 * (48882 rev 3.08, §2.2.2, §2.2.3, §2.5).
 */
import { reservedSet } from '../bits/layout.ts';
import { hex } from '../format/hex.ts';
import { READ, WRITE } from '../iommu/leaves.ts';
import type { WalkRequest, WalkResult, WalkStep } from '../iommu/unit.ts';
import { readWords } from '../memory/physical.ts';
import type { AmdContext } from './context.ts';
import type { DeviceTableEntry } from './dte.ts';
import { decodeDte, DTE } from './dte.ts';
import type { EventName } from './events.ts';
import { EVENT, FLAG } from './events.ts';
import type { Translate } from './guest-walk.ts';
import { identity, maxPasid, stopAtLast, walkGuest } from './guest-walk.ts';
import type { TableWalk } from './host-walk.ts';
import { isMissing, permits, rightOf, walkHost } from './host-walk.ts';
import { specialRange } from './special-ranges.ts';

/** Bytes of what is said to be translated where no page size applies. */
const UNIT_OF_PASS_THROUGH = 4096n;
/** Type of a hardware error event for an access that nobody answered. */
const MASTER_ABORT = 1 << 9;

/** Walks one request. Nothing is guessed: a page that is not known makes the result `unknown`. */
export function walkRequest(context: AmdContext, request: WalkRequest): WalkResult {
  return new Walk(context, request).run();
}

class Walk {
  readonly #context: AmdContext;
  readonly #request: WalkRequest;
  readonly #steps: WalkStep[] = [];
  /** The entry says that page faults of the device are not logged (SA). */
  #suppressed = false;

  constructor(context: AmdContext, request: WalkRequest) {
    this.#context = context;
    this.#request = request;
  }

  run(): WalkResult {
    const { facts } = this.#context;
    if (facts.translationEnabled === false) return this.#forwarded();
    if (facts.deviceTable === undefined)
      return { result: 'unknown', why: 'no root table', address: undefined, steps: [] };
    const dte = this.#readDte();
    return 'result' in dte ? dte : this.#decide(dte);
  }

  get #device(): string {
    return this.#context.path(this.#context.bdf(this.#request.id));
  }

  #readDte(): DeviceTableEntry | WalkResult {
    const { id } = this.#request;
    const place = this.#context.dteAddress(id);
    if (!place) {
      // No entry at all: the DeviceID is beyond the device table.
      return this.#fault('IO_PAGE_FAULT', 0);
    }
    const words = readWords(this.#context.memory, place.address, 4);
    const step = { what: 'device table entry', index: place.index, table: place.table };
    if (isMissing(words)) {
      this.#steps.push({
        ...step,
        entry: undefined,
        missing: words.why,
        text: `The page of the device table is not known (${words.why}).`,
        rights: undefined,
        outcome: 'unknown',
      });
      if (words.why === 'absent' && this.#context.memoryIsWhole)
        return this.#hardwareError('DEV_TAB_HARDWARE_ERROR');
      return {
        result: 'unknown',
        why: words.why,
        address: place.address,
        steps: this.#steps,
      };
    }
    const dte = decodeDte(words);
    this.#steps.push({
      ...step,
      entry: { path: `${this.#device}/dte`, address: place.address, words, layout: DTE },
      missing: undefined,
      text: describe(dte),
      rights: dte.valid && dte.translationValid ? dte.rights : undefined,
      outcome: 'next',
    });
    return dte;
  }

  #decide(dte: DeviceTableEntry): WalkResult {
    const { pasid, address } = this.#request;
    if (!dte.valid) return this.#forwarded('V = 0: requests are forwarded without translation.');
    this.#suppressed = dte.suppressed;
    const illegal = this.#illegalEntry(dte);
    if (illegal) return illegal;
    const exclusion = this.#context.exclusion();
    if (
      exclusion &&
      pasid === undefined &&
      (exclusion.allDevices || dte.exclusion) &&
      address >= exclusion.first &&
      address <= exclusion.last
    )
      return this.#forwarded('The address lies in the exclusion range.');
    if (pasid === undefined) {
      const special = this.#special(dte);
      if (special) return special;
    }
    if (!dte.translationValid) {
      stopAtLast(this.#steps, 'TV = 0: the request is refused.');
      return this.#fault('IO_PAGE_FAULT', 0);
    }
    if (dte.mode !== 0 || dte.guestValid) return this.#translate(dte);
    if (pasid !== undefined) {
      stopAtLast(this.#steps, 'GV = 0: a request with PASID has no guest translation.');
      return this.#fault('IO_PAGE_FAULT', FLAG.GN);
    }
    if ((dte.rights & rightOf(this.#request.access)) === 0)
      return this.#denied(`The entry permits ${permits(dte.rights)}.`);
    return this.#forwarded('Mode 0: the address is not translated.', dte.rights);
  }

  /** Reserved bits in the half that V guards, or a level encoding that is illegal (§2.5.2). */
  #illegalEntry(dte: DeviceTableEntry): WalkResult | undefined {
    const wrong = reservedSet(DTE, dte.words).filter((each) => each.pieces[0].high < 128);
    if (wrong.length > 0) {
      stopAtLast(
        this.#steps,
        `Reserved bits are not zero (${wrong.map((each) => each.name).join(', ')}).`,
      );
      return this.#fault('ILLEGAL_DEV_TABLE_ENTRY', FLAG.RZ);
    }
    if (!dte.translationValid) return undefined;
    const most = Math.min(this.#context.hostLevels ?? 6, 6);
    if (dte.mode > most) {
      stopAtLast(this.#steps, `Mode ${dte.mode} is more than the ${most} levels of this unit.`);
      return this.#fault('ILLEGAL_DEV_TABLE_ENTRY', 0);
    }
    if (dte.guestValid && (dte.gcr3Levels > 3 || dte.guestLevels === undefined)) {
      stopAtLast(this.#steps, 'GV = 1 with a reserved number of guest levels.');
      return this.#fault('ILLEGAL_DEV_TABLE_ENTRY', 0);
    }
    return undefined;
  }

  #special(dte: DeviceTableEntry): WalkResult | undefined {
    const special = specialRange(this.#context, dte, this.#request);
    if (!special) return undefined;
    if (special.result === 'forwarded') return this.#forwarded(special.text);
    stopAtLast(this.#steps, special.text);
    return this.#fault(special.event, special.flags);
  }

  #translate(dte: DeviceTableEntry): WalkResult {
    const guest = dte.guestValid && (this.#request.pasid !== undefined || dte.guestIo);
    if (this.#request.pasid !== undefined && !dte.guestValid) {
      stopAtLast(this.#steps, 'GV = 0: a request with PASID has no guest translation.');
      return this.#fault('IO_PAGE_FAULT', FLAG.GN);
    }
    const { access, address } = this.#request;
    if (!guest && (dte.rights & rightOf(access)) === 0)
      return this.#denied(`The entry permits ${permits(dte.rights)}.`);
    if (!guest && dte.mode === 0)
      return this.#forwarded('Requests without PASID are not translated (GIoV = 0).', dte.rights);
    const host: Translate =
      dte.mode === 0
        ? identity(dte.rights)
        : (gpa, wanted) => this.#host(dte, gpa, wanted, guest ? 'host ' : '');
    return guest
      ? this.#finish(this.#guest(dte, host), FLAG.GN)
      : this.#finish(host(address, access), 0);
  }

  #guest(dte: DeviceTableEntry, host: Translate): TableWalk {
    const { address, access } = this.#request;
    const pasid = this.#request.pasid ?? 0;
    if (pasid > maxPasid(dte.gcr3Levels)) {
      stopAtLast(this.#steps, `PASID ${pasid} is beyond the guest CR3 table.`);
      return { result: 'fault', flags: 0 };
    }
    const walked = walkGuest(
      this.#context,
      {
        dte,
        pasid,
        address,
        access,
        at: this.#device,
        translate: host,
        guestRoot: this.#context.control('GCR3TRPMode') === 1,
      },
      this.#steps,
    );
    if (walked.result === 'page' && (walked.rights & rightOf(access)) === 0) {
      stopAtLast(this.#steps, `The host side permits ${permits(walked.rights)}.`);
      return { result: 'fault', flags: FLAG.PR | FLAG.PE };
    }
    return walked;
  }

  #host(dte: DeviceTableEntry, gpa: bigint, access: 'read' | 'write', kind: string): TableWalk {
    const { rights, mode: level, hostPageTable: table } = dte;
    return walkHost(
      this.#context,
      { table, level, address: gpa, access, rights, at: this.#device, kind },
      this.#steps,
    );
  }

  #finish(walked: TableWalk, flags: number): WalkResult {
    if (walked.result === 'fault') return this.#fault('IO_PAGE_FAULT', walked.flags | flags);
    if (walked.result === 'page')
      return {
        result: 'translated',
        pa: walked.pa,
        size: walked.size,
        rights: walked.rights,
        untranslated: false,
        steps: this.#steps,
      };
    if (walked.missing.why === 'absent' && this.#context.memoryIsWhole)
      return this.#hardwareError('PAGE_TAB_HARDWARE_ERROR', flags);
    return {
      result: 'unknown',
      why: walked.missing.why,
      address: walked.entry,
      steps: this.#steps,
    };
  }

  #forwarded(text?: string, rights = READ | WRITE): WalkResult {
    if (text) {
      const last = this.#steps.pop();
      if (last) this.#steps.push({ ...last, text: `${last.text} ${text}`, outcome: 'leaf' });
    }
    return {
      result: 'translated',
      pa: this.#request.address,
      size: UNIT_OF_PASS_THROUGH,
      rights,
      untranslated: true,
      steps: this.#steps,
    };
  }

  #denied(text: string): WalkResult {
    stopAtLast(this.#steps, `${text} The ${this.#request.access} is refused without permission.`);
    return this.#fault('IO_PAGE_FAULT', FLAG.PR | FLAG.PE);
  }

  #hardwareError(name: EventName, flags = 0): WalkResult {
    return this.#fault(name, MASTER_ABORT | flags);
  }

  #fault(name: EventName, flags: number): WalkResult {
    const write = this.#request.access === 'write' && name !== 'INVALID_DEVICE_REQUEST';
    return {
      result: 'fault',
      reason: EVENT[name],
      name,
      flags: flags | (write ? FLAG.RW : 0),
      ...(this.#suppressed && name === 'IO_PAGE_FAULT' ? { silent: true } : {}),
      steps: this.#steps,
    };
  }
}

/** What a device table entry says of translation, in one sentence. */
function describe(dte: DeviceTableEntry): string {
  if (!dte.valid) return 'The entry is not valid.';
  if (!dte.translationValid) return 'The entry is valid, its translation information is not.';
  const parts = [`Domain ${dte.domain}`, `the device may do ${permits(dte.rights)}`];
  if (dte.guestValid) parts.push(`guest CR3 table at ${hex(dte.gcr3Table)}`);
  if (dte.mode !== 0)
    parts.push(
      `host page table of ${dte.mode} ${dte.mode === 1 ? 'level' : 'levels'} at ${hex(dte.hostPageTable)}`,
    );
  return `${parts.join('; ')}.`;
}
