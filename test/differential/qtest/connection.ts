/**
 * A QEMU process that is driven over its QTest protocol: lines of text on a UNIX socket, one
 * answer line for each command, in order. Debian's QEMU has no qtest accelerator, so the machine
 * runs under TCG with a ROM that only halts the processor; `-icount sleep=off` then makes the
 * virtual clock jump to the next timer, and device timers cost no real time.
 */
import type { ChildProcess } from 'node:child_process';
import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { Socket } from 'node:net';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ROOT } from '../../support/captures.ts';

const ROM_BYTES = 64 * 1024;
const RESET_VECTOR = ROM_BYTES - 16;
const START_TIMEOUT_MS = 20_000;
/** Characters of QEMU's last words that a message quotes. */
const STDERR_KEPT = 4000;

/** A QEMU that a test drives. */
export interface Qemu {
  readonly program: string;
  /** Options that this installation needs: where its own data stands. */
  readonly options: readonly string[];
}

/** The machine's QEMU, 7.2 on Debian bookworm; another one can be named by FAULTLINE_QEMU. */
export const QEMU: Qemu = {
  program: process.env.FAULTLINE_QEMU ?? 'qemu-system-x86_64',
  options: [],
};

const BACKPORTED = join(ROOT, 'build/qemu-backports/usr');

/**
 * QEMU 10.0 of bookworm-backports, which `.ci/run` unpacks beside the machine's: it knows first-stage
 * tables. FAULTLINE_QEMU10 names the `usr` folder of another place.
 */
export const QEMU10: Qemu = (() => {
  const usr = process.env.FAULTLINE_QEMU10 ?? BACKPORTED;
  return {
    program: join(usr, 'bin/qemu-system-x86_64'),
    options: ['-L', join(usr, 'share/qemu')],
  };
})();

/** A QEMU's version line, or undefined when it is not installed: the caller skips, with a word. */
export function qemuVersion(qemu: Qemu = QEMU): string | undefined {
  const run = spawnSync(qemu.program, [...qemu.options, '--version'], { encoding: 'utf8' });
  return run.status === 0 ? run.stdout.split('\n')[0] : undefined;
}

/** A ROM whose reset vector masks interrupts and halts for ever: `cli; hlt; jmp` back. */
function haltRom(): Uint8Array {
  const rom = new Uint8Array(ROM_BYTES).fill(0xf4);
  rom.set([0xfa, 0xf4, 0xeb, 0xfd], RESET_VECTOR);
  return rom;
}

interface Waiting {
  readonly resolve: (answer: string) => void;
  readonly reject: (error: Error) => void;
}

export class QtestConnection {
  readonly #process: ChildProcess;
  readonly #folder: string;
  readonly #socket: Socket;
  readonly #waiting: Waiting[] = [];
  #buffer = '';
  #outgoing = '';
  #ended: Error | undefined;

  private constructor(
    child: ChildProcess,
    folder: string,
    socket: Socket,
    lastWords: () => string,
  ) {
    this.#process = child;
    this.#folder = folder;
    this.#socket = socket;
    socket.setEncoding('latin1');
    socket.on('data', (text) => this.#receive(String(text)));
    socket.on('error', () => {});
    socket.on('close', () => this.#end(new Error(`QEMU closed the QTest socket. ${lastWords()}`)));
  }

  /** Starts QEMU with these device options and waits until it has connected. */
  static async start(options: readonly string[], qemu: Qemu = QEMU): Promise<QtestConnection> {
    const folder = mkdtempSync(join(tmpdir(), 'faultline-qtest-'));
    const rom = join(folder, 'HALT.bin');
    const path = join(folder, 'qtest.sock');
    writeFileSync(rom, haltRom());
    const server = createServer();
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(path, resolve);
    });
    const clock = ['-accel', 'tcg', '-icount', 'shift=0,sleep=off'];
    const plain = ['-display', 'none', '-nodefaults', '-no-user-config'];
    const child = spawn(
      qemu.program,
      [...qemu.options, ...clock, ...plain, '-bios', rom, '-qtest', `unix:${path}`, ...options],
      { stdio: ['ignore', 'ignore', 'pipe'] },
    );
    let said = '';
    child.stderr.on('data', (chunk) => (said = `${said}${String(chunk)}`.slice(-STDERR_KEPT)));
    try {
      const socket = await new Promise<Socket>((resolve, reject) => {
        const timer = setTimeout(
          () => reject(new Error(`QEMU did not connect: ${said}`)),
          START_TIMEOUT_MS,
        );
        server.once('connection', (connected) => {
          clearTimeout(timer);
          resolve(connected);
        });
        child.once('error', reject);
        child.once('exit', (code) => {
          clearTimeout(timer);
          reject(new Error(`QEMU ended with ${code} before it connected: ${said}`));
        });
      });
      return new QtestConnection(child, folder, socket, () => said);
    } catch (error) {
      child.kill('SIGKILL');
      rmSync(folder, { recursive: true, force: true });
      throw error;
    } finally {
      server.close();
    }
  }

  /**
   * Sends one command and gives the words after `OK`. Commands sent without waiting travel
   * together: QEMU answers them in order.
   */
  send(command: string): Promise<string> {
    if (this.#ended) return Promise.reject(this.#ended);
    return new Promise((resolve, reject) => {
      this.#waiting.push({ resolve, reject });
      if (this.#outgoing === '') queueMicrotask(() => this.#flush());
      this.#outgoing += `${command}\n`;
    });
  }

  /** Ends QEMU and removes its files. */
  async close(): Promise<void> {
    this.#socket.destroy();
    if (this.#process.exitCode === null && this.#process.signalCode === null) {
      const gone = new Promise((resolve) => this.#process.once('exit', resolve));
      this.#process.kill('SIGKILL');
      await gone;
    }
    rmSync(this.#folder, { recursive: true, force: true });
  }

  #flush(): void {
    const text = this.#outgoing;
    this.#outgoing = '';
    if (!this.#ended) this.#socket.write(text, 'latin1');
  }

  #receive(text: string): void {
    const lines = (this.#buffer + text).split('\n');
    this.#buffer = lines.pop() ?? '';
    for (const line of lines) {
      if (!line.startsWith('OK') && !line.startsWith('FAIL') && !line.startsWith('ERR')) continue;
      const waiting = this.#waiting.shift();
      if (line.startsWith('OK')) waiting?.resolve(line.slice(2).trim());
      else waiting?.reject(new Error(`QTest: ${line}`));
    }
  }

  #end(error: Error): void {
    this.#ended ??= error;
    for (const waiting of this.#waiting.splice(0)) waiting.reject(this.#ended);
  }
}
