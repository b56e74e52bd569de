import { once } from 'node:events';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { captureBytes } from '../support/captures.ts';
import { MISSING, axeFindings, launch, openWindow, press, selectedRow } from './support/window.ts';

if (MISSING !== undefined) console.log(`a console over TCP: skipped, ${MISSING}`);

describe.skipIf(MISSING !== undefined)('a console over TCP', () => {
  let browser: Browser;
  let server: Server;
  let far: Socket | undefined;
  let address: string;
  beforeAll(async () => {
    browser = await launch();
    server = createServer((socket) => {
      far = socket;
      socket.on('error', () => {});
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    address = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterAll(async () => {
    await browser?.close();
    far?.destroy();
    await new Promise((resolve) => server.close(resolve));
  });

  it('is connected by host and port, says how it stands, and comes back', async () => {
    const window = await openWindow(browser);
    const { page, complaints } = window;
    try {
      await page.waitForSelector('.start :focus');
      await press(page, 't c');
      const dialog = page.getByRole('dialog', { name: 'Connect to a console' });
      await dialog.getByLabel('TCP or Telnet').check();
      await dialog.getByLabel('Address').fill('lab7');
      await press(page, 'Enter');
      await dialog.getByText('Not an address: "lab7".').waitFor();
      expect(await axeFindings(page)).toEqual([]);
      await dialog.getByLabel('Address').fill(address);
      await press(page, 'Enter');
      await dialog.waitFor({ state: 'detached' });
      const status = page.locator('.console-status');
      await status.getByText('TCP · connected').waitFor();

      // A fault that comes is marked, counted, and explained.
      await expect.poll(() => far !== undefined).toBe(true);
      const text = captureBytes('intel-6.1', 'console.log').toString('latin1').split('\n');
      far!.write(Buffer.from(`${text.slice(505, 516).join('\n')}\n`, 'latin1'));
      await page.locator('.statusbar').getByText('3 faults').waitFor();
      await page.locator('.console-row.is-fault .glyph-error').first().waitFor();
      await press(page, 'g f');
      await selectedRow(page, 'Faults').getByText('00:06.0').waitFor();
      await press(page, 'g c');
      await page.getByLabel(`Console ${address}`).and(page.locator(':focus')).waitFor();

      // Lost: the reason, the wait, and a way to stop waiting.
      far!.destroy();
      await status.getByText(/^TCP · disconnected: .* · retrying in \d+ s$/).waitFor();
      await page.locator('.panel').getByRole('button', { name: 'Stop', exact: true }).click();
      await status.getByText(/^TCP · disconnected: [^·]*$/).waitFor();
      far = undefined;
      await page.getByRole('button', { name: 'Reconnect' }).click();
      await status.getByText('TCP · connected').waitFor();
      await expect.poll(() => far !== undefined).toBe(true);
      far!.write('back again\r\n');
      await page.locator('.xterm-rows').getByText('back again').waitFor();
      expect(complaints).toEqual([]);
    } finally {
      await window.close();
    }
  });
});
