import { describe, expect, test } from 'vitest';
import { commandsOf, linkPath } from '../../../electron/main/arguments.ts';

describe('links', () => {
  test.each([
    ['faultline://session/dmar0/02:00.0/context', 'dmar0/02:00.0/context'],
    ['FAULTLINE://s/dmar0/', 'dmar0'],
    ['faultline://s/dmar0/02:00.0/L4%5B0%5D', 'dmar0/02:00.0/L4[0]'],
    ['faultline://s/', undefined],
    ['faultline:dmar0', undefined],
    ['https://example.org/', undefined],
    ['faultline://s/a b', undefined],
    ['faultline://s/%', undefined],
    [`faultline://s/${'a'.repeat(500)}`, undefined],
  ])('%s', (link, path) => {
    expect(linkPath(link)).toBe(path);
  });
});

describe('the command line of the app', () => {
  test.each([
    [['/opt/faultline'], true, []],
    [['/opt/faultline', '/a', 'b'], true, [{ kind: 'open', paths: ['/a', '/work/b'] }]],
    [
      ['/bin/electron', '/app', '--', '--sample'],
      false,
      [{ kind: 'action', action: 'target.replaySample' }],
    ],
    [['/bin/electron', '/app', '--', '/a'], false, [{ kind: 'open', paths: ['/a'] }]],
    [
      ['/opt/faultline', '--inspect', 'faultline://s/dmar0'],
      true,
      [{ kind: 'link', path: 'dmar0' }],
    ],
  ])('%j', (argv, packaged, commands) => {
    expect(commandsOf(argv, { packaged, folder: '/work' })).toEqual(commands);
  });
});
