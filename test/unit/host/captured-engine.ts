import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll } from 'vitest';
import type { EngineClient } from '../../../core/protocol/client.ts';
import { directEngine, type Engine } from '../../../electron/host/engine.ts';
import { SessionFolder } from '../../../electron/host/session-folder.ts';
import { captureJson, capturePath } from '../../support/captures.ts';

const TABLES = capturePath('intel-6.1', 'tables.before.elf');
const REGISTERS = capturePath('intel-6.1', 'regs.before.json');
const LOG = capturePath('intel-6.1', 'console.log');

interface TruthDevice {
  readonly bdf: string;
  readonly domain: number;
  readonly pageTable: string;
  readonly leaves: number;
}

/** What drgn read from the captured machine. */
export const truth = captureJson<{ units: { rootTable: string; devices: TruthDevice[] }[] }>(
  'intel-6.1',
  'truth.before.json',
).units[0];

/**
 * The engine on a real boot: the tables and registers of the moment before the panic, and the
 * serial console of both kernels (test/fixtures/captures/intel-6.1).
 */
class CapturedEngine {
  /** Folder of its sessions. */
  readonly state = mkdtempSync(join(tmpdir(), 'faultline-engine-'));
  /** What the engine itself did wrong. */
  readonly bugs: unknown[] = [];
  readonly #engine: Engine;
  readonly client: EngineClient;

  constructor() {
    const { engine, client } = directEngine({
      folder: SessionFolder.create(this.state),
      onBug: (error) => this.bugs.push(error),
    });
    this.#engine = engine;
    this.client = client;
  }

  /** Opens the capture, and waits until its log is read. */
  async open(): Promise<void> {
    await this.client.call('session.open', { paths: [TABLES, REGISTERS, LOG], add: false });
    for await (const { consoles } of this.client.subscribe('session.changes', {}))
      if (consoles.length > 0 && consoles.every(({ state }) => state === 'ended')) return;
    throw new Error('the feed ended');
  }

  async dispose(): Promise<void> {
    await this.#engine.dispose();
    rmSync(this.state, { recursive: true });
  }
}

/** The engine of a test file: open before its first test, gone after its last. */
export function capturedEngine(): CapturedEngine {
  const captured = new CapturedEngine();
  beforeAll(() => captured.open());
  afterAll(() => captured.dispose());
  return captured;
}
