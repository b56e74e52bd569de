import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ROOT } from '../../support/captures.ts';

/**
 * Contrast of every token, computed from the token file as the build takes it. The expected
 * ratios are those of the design: on the panel's ground, and on a selected row.
 */
const CSS = readFileSync(join(ROOT, 'renderer/styles/tokens.css'), 'utf8');

type Theme = Readonly<Record<string, string>>;

function block(selector: string): Theme {
  const start = CSS.indexOf(`${selector} {`);
  const body = CSS.slice(start, CSS.indexOf('}', start));
  return Object.fromEntries(
    [...body.matchAll(/--([\w-]+):\s*(#[0-9a-f]{6});/g)].map(([, name, value]) => [name, value]),
  );
}

const THEMES = {
  dark: block(':root'),
  light: block(":root[data-theme='light']"),
} as const;

type Rgb = readonly [number, number, number];

function rgb(colour: string): Rgb {
  const value = Number.parseInt(colour.slice(1), 16);
  return [value >> 16, (value >> 8) & 0xff, value & 0xff];
}

const linear = (channel: number): number => {
  const part = channel / 255;
  return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
};

/** Relative luminance, WCAG 2.2. */
function luminance(colour: string): number {
  const [r, g, b] = rgb(colour).map(linear);
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

function contrast(a: string, b: string): number {
  const [high, low] = [luminance(a), luminance(b)].sort((x, y) => y - x);
  return (high + 0.05) / (low + 0.05);
}

// token, dark on bg1 / on sel, light on bg1 / on sel
const RATIOS: readonly (readonly [string, number, number | null, number, number | null])[] = [
  ['line', 1.3, null, 1.4, null],
  ['ctl', 4.6, 3.1, 4.3, 3.2],
  ['fg0', 13.8, 9.3, 17.1, 13.1],
  ['fg1', 8.8, 6, 9, 6.9],
  ['fg2', 6.9, 4.7, 6.2, 4.7],
  ['dim', 5.2, 3.5, 4.9, 3.7],
  ['accent', 7.5, 5.1, 6.5, 5],
  ['err', 6.8, 4.6, 7.2, 5.5],
  ['warn', 10.1, 6.8, 6.4, 4.9],
  ['info', 7.9, 5.4, 7.3, 5.6],
  ['ok', 8.1, 5.5, 6.5, 5],
  ['unk', 7.2, 4.8, 6, 4.6],
  ['rd', 6.9, 4.6, 6.3, 4.8],
  ['wr', 7.8, 5.3, 6.8, 5.2],
  ['ir', 8.2, 5.5, 6.7, 5.1],
  ['ex', 8.9, 6, 6, 4.6],
  ['diff', 12.3, 8.3, 5.9, 4.5],
];

const TEXT = ['fg0', 'fg1', 'fg2', 'accent', 'err', 'warn', 'info', 'ok', 'unk'].concat([
  'rd',
  'wr',
  'ir',
  'ex',
  'diff',
]);

describe.each(['dark', 'light'] as const)('tokens of the %s theme', (name) => {
  const theme = THEMES[name];

  it('has every colour of the design', () => {
    expect(Object.keys(theme).sort()).toEqual(
      ['bg0', 'bg1', 'bg2', 'bg3', 'sel', 'on-accent', ...RATIOS.map(([token]) => token)].sort(),
    );
  });

  it.each(RATIOS)('%s has the contrast of the table', (token, dark, darkSel, light, lightSel) => {
    const [onPanel, onSelected] = name === 'dark' ? [dark, darkSel] : [light, lightSel];
    expect(Math.abs(contrast(theme[token], theme.bg1) - onPanel)).toBeLessThan(0.06);
    if (onSelected !== null)
      expect(Math.abs(contrast(theme[token], theme.sel) - onSelected)).toBeLessThan(0.06);
  });

  it.each(TEXT)('%s is readable on panels, headers and selected rows', (token) => {
    for (const ground of ['bg1', 'bg2', 'sel'])
      expect(contrast(theme[token], theme[ground]), `${token} on ${ground}`).toBeGreaterThanOrEqual(
        4.45,
      );
  });

  it('keeps leading zeros readable on panels, and control borders visible', () => {
    expect(contrast(theme.dim, theme.bg1)).toBeGreaterThanOrEqual(4.5);
    expect(contrast(theme.ctl, theme.bg1)).toBeGreaterThanOrEqual(3);
    expect(contrast(theme.ctl, theme.sel)).toBeGreaterThanOrEqual(3);
  });

  it('has text on a filled accent', () => {
    expect(contrast(theme['on-accent'], theme.accent)).toBeGreaterThanOrEqual(
      name === 'dark' ? 8 : 6.4,
    );
  });
});

/** Simulated colour vision on linear sRGB: Machado, Oliveira and Fernandes 2009, severity 1. */
const VISION: Readonly<Record<string, readonly (readonly number[])[]>> = {
  protanopia: [
    [0.152286, 1.052583, -0.204868],
    [0.114503, 0.786281, 0.099216],
    [-0.003882, -0.048116, 1.051998],
  ],
  deuteranopia: [
    [0.367322, 0.860646, -0.227968],
    [0.280085, 0.672501, 0.047413],
    [-0.01182, 0.04294, 0.968881],
  ],
  tritanopia: [
    [1.255528, -0.076749, -0.178779],
    [-0.078411, 0.930809, 0.147602],
    [0.004733, 0.691367, 0.3039],
  ],
};

function simulated(colour: string, matrix: readonly (readonly number[])[]): Rgb {
  const [r, g, b] = rgb(colour).map(linear);
  return matrix.map((row) =>
    Math.min(1, Math.max(0, row[0] * r + row[1] * g + row[2] * b)),
  ) as unknown as Rgb;
}

/** CIELAB of linear sRGB, D65. */
function lab([r, g, b]: Rgb): readonly number[] {
  const f = (t: number): number =>
    t > 216 / 24389 ? Math.cbrt(t) : (t * 24389) / 27 / 116 + 16 / 116;
  const x = f((0.4124 * r + 0.3576 * g + 0.1805 * b) / 0.95047);
  const y = f(0.2126 * r + 0.7152 * g + 0.0722 * b);
  const z = f((0.0193 * r + 0.1192 * g + 0.9505 * b) / 1.08883);
  return [116 * y - 16, 500 * (x - y), 200 * (y - z)];
}

function distance(a: Rgb, b: Rgb): number {
  const [one, two] = [lab(a), lab(b)];
  return Math.hypot(...one.map((value, index) => value - two[index]));
}

describe.each(Object.keys(VISION))('seen with %s', (vision) => {
  it.each(['dark', 'light'] as const)('severities and accesses stay apart (%s)', (name) => {
    const theme = THEMES[name];
    for (const group of [
      ['err', 'warn', 'info', 'ok'],
      ['rd', 'wr', 'ir', 'ex'],
    ])
      for (const [index, a] of group.entries())
        for (const b of group.slice(index + 1))
          expect(
            distance(simulated(theme[a], VISION[vision]), simulated(theme[b], VISION[vision])),
            `${a} and ${b}`,
          ).toBeGreaterThanOrEqual(14);
  });
});

describe('forced colours', () => {
  it('maps every colour token to a system colour', () => {
    const forced = CSS.slice(CSS.indexOf('@media (forced-colors: active)'));
    for (const token of Object.keys(THEMES.dark)) expect(forced).toMatch(`--${token}: `);
    expect(forced).not.toMatch(/#[0-9a-f]{3,6}/);
  });
});
