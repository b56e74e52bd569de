import { spawn, spawnSync, type ChildProcess } from 'node:child_process';

/** Whether ptys can be made here; says so where not. */
export const SOCAT = spawnSync('socat', ['-V']).status === 0;
if (!SOCAT) console.log('pty tests skip: they need socat');

/** Two ptys joined at their masters, as a cable joins two ports. */
export async function cable(): Promise<{ child: ChildProcess; target: string; here: string }> {
  const child = spawn('socat', ['-d', '-d', 'pty,raw,echo=0', 'pty,raw,echo=0'], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let said = '';
  for await (const part of child.stderr) {
    said += String(part);
    const names = [...said.matchAll(/PTY is (\S+)/g)].map((match) => match[1]);
    if (names.length === 2 && said.includes('starting data transfer loop'))
      return { child, target: names[0], here: names[1] };
  }
  throw new Error(`socat made no ptys: ${said}`);
}
