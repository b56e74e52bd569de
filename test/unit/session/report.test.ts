import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createHash } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { assert, property, string } from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { escapeMarkup, markup } from '../../../core/format/markup.ts';
import { readNote } from '../../../core/format/note-text.ts';
import { syslogHosts } from '../../../core/session/report.ts';
import { main } from '../../../electron/cli/main.ts';
import { directEngine } from '../../../electron/host/engine.ts';
import { captureBytes, capturePath } from '../../support/captures.ts';

const folder = mkdtempSync(join(tmpdir(), 'faultline-report-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** A line and a name that would be elements if they were not text. */
const HOSTILE = '<script>alert(1)</script><img src=x onerror=alert(2)>';

describe('the report of a real boot', () => {
  let html = '';
  let markdown = '';
  const log = join(folder, '<b>&"console.log');

  beforeAll(async () => {
    const text = captureBytes('intel-6.1', 'console.log').toString('latin1');
    writeFileSync(
      log,
      `${text}[ 99.000000] ${HOSTILE}\n[ 99.1] DMAR: [DMA Read NO_PASID] Request device [00:06.0] fault addr 0xbad000 [fault reason 0x06] ${HOSTILE}\n`,
      'latin1',
    );
    const { engine, client } = directEngine();
    try {
      await client.call('session.open', {
        paths: [
          capturePath('intel-6.1', 'tables.before.elf'),
          capturePath('intel-6.1', 'regs.before.json'),
          log,
        ],
        add: false,
      });
      for await (const info of client.subscribe('session.changes', {}))
        if (info.consoles.every(({ state }) => state === 'ended')) break;
      await client.call('notes.add', {
        pin: { kind: 'line', console: 'console-1', line: 1112 },
        text: `**Seen** ${HOSTILE}\n\n- see #1\n`,
      });
      await client.call('entry.poke', {
        path: 'dmar0/00:06.0/context',
        field: 'DID',
        value: '0x7',
      });
      ({ text: html } = await client.call('report.make', { format: 'html' }));
      ({ text: markdown } = await client.call('report.make', { format: 'markdown' }));
    } finally {
      await engine.dispose();
    }
  });

  test('leaves out the parts that were not chosen, and says so', async () => {
    const { engine, client } = directEngine();
    try {
      await client.call('session.open', {
        paths: [capturePath('intel-6.1', 'tables.before.elf')],
        add: false,
      });
      for (const format of ['html', 'markdown'] as const) {
        const { text } = await client.call('report.make', { format, parts: ['units'] });
        expect(text).toMatch(format === 'html' ? /id="units"/ : /^## /m);
        expect(text).not.toContain('id="faults"');
        expect(text).not.toMatch(/^## (?:Faults|Findings|Audit|Phases)/m);
        expect(text).toContain('Left out of this report: Faults, Findings, Audit, Phases');
      }
    } finally {
      await engine.dispose();
    }
  });

  test('says what happened, why, and where it came from', () => {
    expect(html).toContain('00:06.0 was refused a DMA');
    expect(html).toContain('Not mapped');
    expect(html).toContain('<svg viewBox');
    expect(html).toContain('PTE Read access is not set');
    expect(html).toMatch(/<time datetime="\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z">/);
    const digest = createHash('sha256')
      .update(readFileSync(capturePath('intel-6.1', 'tables.before.elf')))
      .digest('hex');
    expect(html).toContain(`sha256:${digest}`);
    expect(html).toContain('DID 0x6 → 0x7');
    expect(html).toContain('<strong>Seen</strong>');
    expect(html).toContain('prefers-color-scheme:dark');
  });

  test('holds no script, nothing from elsewhere, and no text as markup', () => {
    expect(html).not.toMatch(/<script|<img|<iframe|<link|<object|<b>|onerror=[^&]*>|javascript:/i);
    expect(html).toContain('&lt;script&gt;alert(1)&lt;/script&gt;');
    expect(html).toContain('&lt;b&gt;&amp;&quot;console.log');
    const targets = [...html.matchAll(/<[^>]*\s(?:src|href)="([^"]*)"/g)].map(([, to]) => to);
    expect(targets.length).toBeGreaterThan(5);
    expect(targets.filter((to) => !to.startsWith('#'))).toEqual([]);
    expect(html).not.toMatch(/@import|url\(/);
    expect(html).toContain('default-src &#39;none&#39;; style-src &#39;unsafe-inline&#39;');
  });

  test('its elements are those that were meant: every one that opens closes', () => {
    const open: string[] = [];
    const empty = new Set(['meta', '!doctype', 'rect', 'path']);
    for (const [, end, name, self] of html.matchAll(/<(\/?)([a-z!][a-z0-9]*)[^>]*?(\/?)>/gi)) {
      if (empty.has(name.toLowerCase()) || self === '/') continue;
      if (end === '') open.push(name);
      else expect(open.pop()).toBe(name);
    }
    expect(open).toEqual([]);
  });

  test('the same as Markdown, without elements', () => {
    expect(markdown).toContain('## Faults (4)');
    expect(markdown).not.toMatch(/(?<!\\)<(?:script|img|b)\b/);
  });
});

test('the command writes it to a file, and says when a source is not there', async () => {
  const out: string[] = [];
  const io = {
    out: (text: string) => void out.push(text),
    note: (text: string) => void out.push(text),
    colour: false,
    progress: false,
    signal: new AbortController().signal,
  };
  const path = join(folder, 'report.html');
  const sources = ['tables.before.elf', 'regs.before.json', 'console.log'].map((name) =>
    capturePath('intel-6.1', name),
  );
  expect(await main(['report', ...sources, '-o', path], io)).toBe(0);
  expect(readFileSync(path, 'utf8')).toMatch(/^<!doctype html>\n<html lang="en">[^]*<\/html>\n$/);
  expect(await main(['report', join(folder, 'none')], io)).toBe(3);
  expect(out.at(-1)).toMatch(/File not found: .*none\. Nothing was read\. Check the name\./);
});

describe('text stays text', () => {
  test('any text in a template is what it was, and no element', () => {
    assert(
      property(string({ unit: 'binary' }), (text) => {
        const made = markup`<p title="${text}">${[text, undefined, 7]}</p>`.text;
        expect(made).toBe(`<p title="${escapeMarkup(text)}">${escapeMarkup(text)}7</p>`);
        expect(escapeMarkup(text)).not.toMatch(/[<>"'\u0000-\u0008]/);
      }),
    );
  });

  test('any note reads as blocks that hold all of its words', () => {
    assert(
      property(string({ unit: 'binary', maxLength: 400 }), (text) => {
        const words = (value: string): string => value.replace(/[^a-zA-Z0-9]/g, '');
        const texts = readNote(text).map((block) => {
          if (block.kind === 'code') return block.text;
          const spans = block.kind === 'list' ? block.items.flat() : block.spans;
          return spans.map((span) => span.text).join('');
        });
        // What follows the opening of a code block names its language and is not shown.
        if (!text.includes('```')) expect(words(texts.join(''))).toBe(words(text));
      }),
    );
  });

  test('places in a note are found, other words are not', () => {
    const spans = readNote('see #7, L512 and dmar0/00:06.0/L3[0], not C#7 or html#7').flatMap(
      (block) => (block.kind === 'paragraph' ? block.spans : []),
    );
    expect(spans.filter(({ kind }) => kind === 'place').map(({ text }) => text)).toEqual([
      '#7',
      'L512',
      'dmar0/00:06.0/L3[0]',
    ]);
  });
});

test('names of machines are found where syslog puts them', () => {
  expect(
    syslogHosts([
      'Nov 22 03:00:01 lab-7 kernel: [    0.0] Linux version 6.1.0',
      '2026-11-22T03:00:01.000+00:00 db1.example kernel: DMAR: x',
      '[    0.0] lab-8 kernel: no prefix',
    ]),
  ).toEqual(['lab-7', 'db1.example']);
});
