import { array, assert, constantFrom, integer, option, property, record, string } from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Failure } from '../../../core/memory/failure.ts';
import {
  EMPTY_SESSION,
  isSessionText,
  parseSession,
  sessionText,
  SESSION_VERSION,
  type SessionFile,
} from '../../../core/session/session-file.ts';

const digits = array(integer({ min: 0, max: 255 }), { maxLength: 64 }).map((bytes) =>
  bytes.map((byte) => byte.toString(16).padStart(2, '0')).join(''),
);
const address = integer({ min: 0, max: 2 ** 40 }).map((value) => `0x${value.toString(16)}`);
const path = string({ minLength: 1, maxLength: 40 });

const change = record(
  {
    world: constantFrom('captured', 'sim0'),
    path,
    text: string(),
    address,
    before: digits,
    after: digits,
  },
  { requiredKeys: ['world', 'text', 'address', 'before', 'after'] },
);

const session = record({
  title: string({ maxLength: 100 }),
  sources: array(
    record(
      { path, bytes: integer({ min: 0 }), digest: string({ maxLength: 80 }) },
      { requiredKeys: ['path'] },
    ),
  ),
  consoles: array(
    record({
      id: integer({ min: 1, max: 99 }).map((n) => `console-${n}`),
      name: string(),
      kind: constantFrom('replay' as const, 'serial' as const, 'log' as const),
      path: string(),
      settings: string({ maxLength: 40 }),
    }),
  ),
  machines: array(
    record({
      name: integer({ min: 0, max: 9 }).map((n) => `sim${n}`),
      acts: array(
        record({
          act: constantFrom('store' as const),
          address,
          bytes: digits,
        }),
      ),
    }),
  ),
  changes: record({ done: array(change), undone: array(change) }),
  notes: array(
    record({
      id: string({ minLength: 1, maxLength: 36 }),
      label: string({ maxLength: 100 }),
      text: string({ unit: 'binary' }),
      created: constantFrom('2026-11-22T03:00:00.000Z'),
      changed: constantFrom('2026-11-22T03:00:00.000Z'),
    }),
  ),
  view: option(string(), { nil: undefined }),
});

/** The failure that reading a text ends as. */
function failure(text: string): Failure {
  try {
    parseSession(text, 'a.faultline');
  } catch (error) {
    if (error instanceof Failure) return error;
    throw error;
  }
  throw new Error('it was read');
}

describe('a session’s file', () => {
  test('what is written is read again, whatever it holds', () => {
    assert(
      property(session, (made) => {
        const whole: SessionFile = { ...EMPTY_SESSION, ...made };
        const text = sessionText(whole);
        expect(isSessionText(text.slice(0, 200))).toBe(true);
        expect(parseSession(text, 'a.faultline')).toEqual(JSON.parse(JSON.stringify(whole)));
      }),
    );
  });

  test('version 1 is read: its sources by path, the window’s state from beside it', () => {
    const old = {
      version: 1,
      title: 'vmcore',
      sources: ['/dumps/vmcore'],
      consoles: [{ id: 'console-1', name: 'a.log', kind: 'log', path: '/a.log', settings: '' }],
      reading: [],
      blamed: ['/dumps/evil'],
    };
    expect(parseSession(JSON.stringify(old), 'session.json', '{"zoom":125}')).toMatchObject({
      version: SESSION_VERSION,
      title: 'vmcore',
      sources: [{ path: '/dumps/vmcore' }],
      consoles: [{ id: 'console-1' }],
      blamed: ['/dumps/evil'],
      notes: [],
      view: '{"zoom":125}',
    });
  });

  test('a newer version is refused, and says who wrote it', () => {
    const text = sessionText({ ...EMPTY_SESSION, program: '9.1.0' }).replace(
      `"version": ${SESSION_VERSION}`,
      '"version": 9',
    );
    const { message, means, advice } = failure(text);
    expect(message).toBe('a.faultline is a session of version 9, written by Faultline 9.1.0.');
    expect(means).toMatch(/reads sessions up to version 2; nothing was opened/);
    expect(advice).toMatch(/newer Faultline/);
  });

  test.each<[string, string]>([
    ['nothing', ''],
    ['half of a file', sessionText(EMPTY_SESSION).slice(0, 80)],
    ['another document', '{"units": []}'],
    ['a list', '[]'],
    ['null', 'null'],
    ['a wrong type', sessionText(EMPTY_SESSION).replace('"notes": []', '"notes": 7')],
    [
      'a console whose name on disk would leave the session',
      sessionText({
        ...EMPTY_SESSION,
        consoles: [{ id: '../../x', name: '', kind: 'serial', path: '', settings: '' }],
      }),
    ],
    [
      'a change of bytes that are no bytes',
      sessionText({
        ...EMPTY_SESSION,
        changes: {
          done: [{ world: 'captured', text: '', address: '0x0', before: 'zz', after: '00' }],
          undone: [],
        },
      }),
    ],
  ])('%s ends as a failure with three sentences', (_what, text) => {
    const { kind, message, means, advice } = failure(text);
    expect(kind).toBe('unreadable');
    expect(message).toMatch(/^a\.faultline is damaged: .+\.$/);
    expect(means).toMatch(/nothing was opened and the file was not changed/);
    expect(advice).not.toBe('');
  });

  test('any cut or changed text ends as a session or a failure, never otherwise', () => {
    const text = sessionText({
      ...EMPTY_SESSION,
      title: 'x',
      machines: [{ name: 'sim0', acts: [{ act: 'store', address: '0x10', bytes: 'ff' }] }],
    });
    assert(
      property(integer({ min: 0, max: text.length }), string({ maxLength: 4 }), (at, with_) => {
        const mangled = text.slice(0, at) + with_ + text.slice(at + with_.length);
        try {
          parseSession(mangled, 'a.faultline');
        } catch (error) {
          expect(error).toBeInstanceOf(Failure);
        }
      }),
      { numRuns: 500 },
    );
  });
});
