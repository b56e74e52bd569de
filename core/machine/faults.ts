/**
 * Primary fault logging of a VT-d unit (VT-d 4.1 §7.2, §7.3): a ring of fault recording
 * registers, the fault status register and the fault event interrupt.
 */
import { encode, valueOf, withField } from '../bits/layout.ts';
import type { RegisterDefinition } from '../iommu/registers.ts';
import { FAULT_EVENT, FSTS } from '../vtd/registers-faults.ts';
import { registerWords } from '../vtd/registers.ts';
import type { EventLog } from './events.ts';
import type { RegisterFile } from './register-file.ts';

/** FEUADDR and the upper half of FEDATA are reserved without ECAP.EIM. */
const [FECTL, FEDATA, FEADDR] = FAULT_EVENT;
export const FAULT_LOGGING: readonly RegisterDefinition[] = [FSTS, FECTL, FEDATA, FEADDR];
const DATA_BITS = 0xffffn;

/** What is recorded of a blocked request. */
export interface FaultReport {
  /** Requester ID. */
  readonly id: number;
  readonly address: bigint;
  readonly access: 'read' | 'write';
  readonly reason: number;
  readonly name: string;
}

export class FaultRecording {
  readonly #file: RegisterFile;
  readonly #records: readonly RegisterDefinition[];
  readonly #log: EventLog;
  /** The register that the next fault goes to. */
  #next = 0;

  /**
   * @param file holds FAULT_LOGGING and `records`
   * @param records the unit's fault recording registers
   */
  constructor(file: RegisterFile, records: readonly RegisterDefinition[], log: EventLog) {
    this.#file = file;
    this.#records = records;
    this.#log = log;
    // The interrupt is masked until software says otherwise (§11.4.10).
    this.#setField(FECTL, 'IM', 1n);
    file.onWrite(FEDATA, () => file.set(FEDATA, file.get(FEDATA) & DATA_BITS));
    file.onWrite(FSTS, () => this.#serviced());
    file.onWrite(FECTL, () => this.#unmasked());
    for (const record of records) file.onWrite(record, () => this.#serviced());
  }

  /**
   * A request was blocked (§7.2.1). Nothing is recorded while PFO is set. Faults of a requester
   * that has a pending record are collapsed into it, as the definition of F allows. When the next
   * register is still pending the fault is lost, and PFO tells so.
   */
  record(fault: FaultReport): void {
    if (this.#field(FSTS, 'PFO') !== 0n) {
      this.#tell(fault, 'overflow', undefined);
      return;
    }
    const same = this.#records.findIndex(
      (record) => this.#isPending(record) && this.#field(record, 'SID') === BigInt(fault.id),
    );
    if (same >= 0) {
      this.#tell(fault, 'collapsed', same);
      return;
    }
    const index = this.#next;
    if (this.#isPending(this.#records[index])) {
      this.#setField(FSTS, 'PFO', 1n);
      this.#tell(fault, 'overflow', undefined);
      return;
    }
    this.#next = (index + 1) % this.#records.length;
    this.#fill(this.#records[index], fault);
    this.#tell(fault, 'recorded', index);
    // PPF already set: not a new interrupt condition (§7.3), and FRI stays where it is.
    if (this.#field(FSTS, 'PPF') !== 0n) return;
    this.#setField(FSTS, 'PPF', 1n);
    this.#setField(FSTS, 'FRI', BigInt(index));
    this.#raise();
  }

  /** A blocked request whose entry has fault processing disabled (FPD): told, not recorded. */
  suppress(fault: FaultReport): void {
    this.#tell(fault, 'suppressed', undefined);
  }

  #fill(record: RegisterDefinition, fault: FaultReport): void {
    const words = encode(record.layout, {
      FI: fault.address >> 12n,
      SID: fault.id,
      FR: fault.reason,
      T1: fault.access === 'read' ? 1 : 0,
      F: 1,
    });
    this.#file.set(record, words[0] | (words[1] << 64n));
  }

  /** Software wrote FSTS or a record: PPF is the OR of all F bits. */
  #serviced(): void {
    const pending = this.#records.some((record) => this.#isPending(record));
    if (!pending) {
      this.#setField(FSTS, 'PPF', 0n);
      this.#setField(FSTS, 'FRI', 0n);
    }
    // With every status bit cleared, a held-back interrupt has been served (§11.4.10, IP).
    if (this.#file.get(FSTS) === 0n) this.#setField(FECTL, 'IP', 0n);
  }

  /** Software wrote FECTL: unmasking sends an interrupt that was held back. */
  #unmasked(): void {
    if (this.#field(FECTL, 'IM') === 0n && this.#field(FECTL, 'IP') !== 0n) this.#raise();
  }

  #raise(): void {
    const masked = this.#field(FECTL, 'IM') !== 0n;
    this.#setField(FECTL, 'IP', masked ? 1n : 0n);
    if (masked) return;
    const address = this.#file.get(FEADDR);
    this.#log.add({ kind: 'interrupt', address, data: Number(this.#file.get(FEDATA)) });
  }

  #isPending(record: RegisterDefinition): boolean {
    return this.#field(record, 'F') !== 0n;
  }

  #field(register: RegisterDefinition, name: string): bigint {
    return valueOf(register.layout, registerWords(this.#file.get(register)), name);
  }

  #setField(register: RegisterDefinition, name: string, value: bigint): void {
    const words = withField(register.layout, registerWords(this.#file.get(register)), name, value);
    this.#file.set(register, words[0] | ((words[1] ?? 0n) << 64n));
  }

  #tell(
    fault: FaultReport,
    recorded: 'recorded' | 'collapsed' | 'overflow' | 'suppressed',
    index: number | undefined,
  ): void {
    const { id, address, access, reason, name } = fault;
    this.#log.add({ kind: 'fault', id, address, access, reason, name, recorded, index });
  }
}
