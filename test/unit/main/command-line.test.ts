import { describe, expect, test, vi } from 'vitest';

vi.mock('electron', () => ({ app: { exit: vi.fn() } }));
const { commandLineOf } = await import('../../../electron/main/command-line.ts');

describe('the program as the command line', () => {
  test.each<[readonly string[], readonly string[] | undefined]>([
    [['app'], undefined],
    [['app', '/dumps/vmcore'], undefined],
    [
      ['app', '--cli', 'inspect', 'vmcore'],
      ['inspect', 'vmcore'],
    ],
    [
      ['app', '--disable-gpu', '--cli', '--', 'tables', '--json', 'x'],
      ['tables', '--json', 'x'],
    ],
    [
      ['app', '--cli', '--', 'diff', 'a', '--', 'b'],
      ['diff', 'a', '--', 'b'],
    ],
    [['app', '--cli'], []],
    // A file of that name is a file.
    [['app', '--', '--cli'], undefined],
  ])('%j', (argv, args) => {
    expect(commandLineOf(argv)).toEqual(args);
  });
});
