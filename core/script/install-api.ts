/**
 * The scripting API as it runs inside the sandbox. `installApi` is handed to the sandbox as source
 * text (`installApi.toString()`), so it must not name anything outside itself; what it declares to
 * users stands in `resources/scripts/faultline.d.ts`, and a test holds the two together.
 */

/** The one door out of the sandbox: a call of the contract, JSON in and JSON out. */
export type ScriptDoor = (name: string, body: string) => string;

/** Output of a script: the JSON of one `ScriptOutput` of the contract. */
export type ScriptEmit = (json: string) => void;

/** Bounds that the API obeys by itself; time and memory are the sandbox's. */
export interface ApiLimits {
  /** Leaves fetched at a time. */
  readonly leavesPerRead: number;
  /** Faults fetched at a time. */
  readonly faultsPerRead: number;
  /** Characters in one printed value. */
  readonly printLength: number;
  /** Rows that one `table` shows. */
  readonly tableRows: number;
}

type Bag = Record<string, unknown>;

/** Installs the API's names on `scope`, the sandbox's global object. */
export function installApi(
  scope: Bag,
  door: ScriptDoor,
  emit: ScriptEmit,
  limits: ApiLimits,
): void {
  const freeze = Object.freeze;

  const toHex = (value: unknown, what: string): string => {
    if (typeof value === 'bigint' && value >= 0n) return `0x${value.toString(16)}`;
    if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0)
      return `0x${value.toString(16)}`;
    if (typeof value === 'string' && /^(0x)?[0-9a-f]{1,16}$/i.test(value))
      return `0x${BigInt(value.startsWith('0x') ? value : `0x${value}`).toString(16)}`;
    throw new TypeError(`${what} must be a number, a bigint or hexadecimal text`);
  };

  const big = (text: unknown): bigint | undefined =>
    typeof text === 'string' ? BigInt(text) : undefined;

  const call = (name: string, body: Bag): Bag => {
    const answer = JSON.parse(door(name, JSON.stringify(body))) as { ok?: Bag; failure?: Bag };
    if (answer.failure) {
      const { happened, means, advice } = answer.failure as Record<string, string>;
      throw new Error([happened, means, advice].filter(Boolean).join(' '));
    }
    return answer.ok!;
  };

  // ---- entries -----------------------------------------------------------------------------

  const entryOf = (info: Bag): Bag => {
    const fields: Record<string, bigint> = {};
    for (const field of info['fields'] as Bag[])
      fields[field['name'] as string] = big(field['value'])!;
    return freeze({
      path: info['path'],
      title: info['title'],
      layout: info['layout'],
      address: big(info['address']),
      words: freeze((info['words'] as string[]).map((word) => BigInt(word))),
      fields: freeze(fields),
      poke: (field: string, value: unknown) => poke(info['path'], field, value),
    });
  };

  const pathOf = (target: unknown): string => {
    if (typeof target === 'string') return target;
    const path = (target as Bag | null)?.['path'];
    if (typeof path === 'string') return path;
    throw new TypeError('an entry or its path is needed');
  };

  const entry = (path: unknown): Bag => entryOf(call('entry.get', { path: pathOf(path) }));

  const poke = (target: unknown, field: unknown, value: unknown): Bag => {
    const number = typeof value === 'boolean' ? BigInt(value) : value;
    const answer = call('entry.poke', {
      path: pathOf(target),
      field: String(field),
      value: toHex(number, 'the value'),
    });
    return freeze({
      text: (answer['change'] as Bag)['text'],
      entry: entryOf(answer['entry'] as Bag),
    });
  };

  // ---- walks and mappings --------------------------------------------------------------------

  const walk = (bdf: unknown, address: unknown, options: Bag = {}): Bag => {
    const answer = call('walk', {
      bdf: String(bdf),
      address: toHex(address, 'the address'),
      access: options['access'] ?? 'read',
      ...(options['pasid'] === undefined ? {} : { pasid: options['pasid'] }),
      ...(options['unit'] === undefined ? {} : { unit: options['unit'] }),
    });
    const outcome = answer['outcome'] as Bag;
    return freeze({
      unit: answer['unit'],
      bdf: answer['bdf'],
      address: big(answer['address']),
      access: answer['access'],
      result: outcome['result'],
      pa: big(outcome['pa']),
      size: big(outcome['size']),
      rights: outcome['rights'],
      reason: outcome['reason'],
      name: outcome['name'],
      why: outcome['why'],
      steps: freeze(
        (answer['steps'] as Bag[]).map((step) =>
          freeze({
            what: step['what'],
            index: step['index'],
            path: step['path'],
            address: big(step['address']),
            words: freeze((step['words'] as string[]).map((word) => BigInt(word))),
            text: step['text'],
            outcome: step['outcome'],
          }),
        ),
      ),
    });
  };

  function* mappings(device: unknown, options: Bag = {}): Generator<Bag> {
    const row = typeof device === 'string' ? deviceOf(device, options['pasid']) : (device as Bag);
    let from: unknown = toHex(options['from'] ?? 0n, 'from');
    while (typeof from === 'string') {
      const answer = call('mappings.read', {
        unit: row['unit'],
        bdf: row['bdf'],
        ...(row['pasid'] === undefined ? {} : { pasid: row['pasid'] }),
        from,
        count: limits.leavesPerRead,
      });
      for (const [iova, pa, size, rights] of answer['leaves'] as string[][])
        yield { iova: BigInt(iova), pa: BigInt(pa), size: BigInt(size), rights };
      from = answer['next'];
    }
  }

  // ---- units and devices ---------------------------------------------------------------------

  const deviceRow = (row: Bag): Bag =>
    freeze({
      ...row,
      pageTable: big(row['pageTable']),
      entry: () => entry(row['path']),
      walk: (address: unknown, options: Bag = {}) =>
        walk(row['bdf'], address, { unit: row['unit'], pasid: row['pasid'], ...options }),
      mappings: (options: Bag = {}) => mappings(row, options),
    });

  const devices = (unit?: unknown): Bag[] =>
    (
      call(
        'devices.list',
        unit === undefined ? {} : { unit: typeof unit === 'string' ? unit : (unit as Bag)['name'] },
      )['devices'] as Bag[]
    ).map(deviceRow);

  const deviceOf = (bdf: unknown, pasid?: unknown): Bag => {
    const rows = devices().filter((row) => row['bdf'] === bdf);
    const found =
      rows.find((row) => row['pasid'] === pasid) ?? (pasid === undefined ? rows[0] : undefined);
    if (!found) throw new Error(`No unit has an entry for ${String(bdf)}.`);
    return found;
  };

  const registers = (unit: unknown): Bag => {
    const name = typeof unit === 'string' ? unit : ((unit as Bag)['name'] as string);
    const out: Bag = {};
    for (const register of call('registers.get', { unit: name })['registers'] as Bag[]) {
      const fields: Bag = {};
      for (const field of register['fields'] as Bag[])
        fields[field['name'] as string] = big(field['value']);
      out[register['name'] as string] = freeze({
        unit: name,
        name: register['name'],
        title: register['title'],
        offset: big(register['offset']),
        width: register['width'],
        value: big(register['value']),
        fields: freeze(fields),
      });
    }
    return freeze(out);
  };

  const writeRegister = (register: unknown, value: unknown): Bag => {
    const { unit, offset, width } = register as Bag;
    const answer = call('registers.write', {
      unit,
      offset: toHex(offset, 'the offset'),
      width,
      value: toHex(value, 'the value'),
    });
    return freeze({ events: freeze((answer['events'] as Bag[]).map((event) => event['text'])) });
  };

  const units = (): Bag[] =>
    (call('session.get', {})['units'] as Bag[]).map((unit) =>
      freeze({
        ...unit,
        base: big(unit['base']),
        devices: () => devices(unit['name']),
        registers: () => registers(unit['name']),
      }),
    );

  function* faults(filter: unknown = ''): Generator<Bag> {
    let at = 0;
    for (;;) {
      const answer = call('faults.rows', {
        filter: String(filter),
        group: 'none',
        folded: [],
        sort: 'order',
        from: at,
        to: at + limits.faultsPerRead,
      });
      if (answer['filterError']) throw new Error((answer['filterError'] as Bag)['text'] as string);
      const rows = answer['rows'] as Bag[];
      for (const row of rows) {
        const fault = row['fault'] as Bag;
        yield freeze({ ...fault, address: big(fault['address']), flags: big(fault['flags']) });
      }
      at += rows.length;
      if (rows.length === 0 || at >= (answer['total'] as number)) return;
    }
  }

  // ---- output --------------------------------------------------------------------------------

  const plain = (value: unknown): string => {
    if (typeof value === 'bigint') return `0x${value.toString(16)}`;
    if (typeof value === 'string') return value;
    if (typeof value === 'function') return `[function ${value.name || 'anonymous'}]`;
    if (value === undefined || value === null) return '–';
    if (typeof value === 'object') return show(value, 0, new Set());
    return String(value as number | boolean | symbol);
  };

  /** A value for a reader: entries print their fields, long arrays their head and their count. */
  const show = (value: unknown, depth: number, seen: Set<unknown>): string => {
    if (typeof value === 'string') return depth === 0 ? value : JSON.stringify(value);
    if (typeof value !== 'object' || value === null) return plain(value);
    if (seen.has(value)) return '[circular]';
    if (value instanceof Error) return `${value.name}: ${value.message}`;
    if (depth > 4) return Array.isArray(value) ? `[${value.length} items]` : '{…}';
    seen.add(value);
    try {
      if (Array.isArray(value)) {
        const head = value.slice(0, 20).map((item) => show(item, depth + 1, seen));
        if (value.length > 20) head.push(`… ${value.length} items`);
        return `[${head.join(', ')}]`;
      }
      const parts: string[] = [];
      for (const [key, item] of Object.entries(value)) {
        if (typeof item === 'function' || item === undefined) continue;
        if (parts.length === 60) {
          parts.push('…');
          break;
        }
        parts.push(`${key}: ${show(item, depth + 1, seen)}`);
      }
      return `{ ${parts.join(', ')} }`;
    } finally {
      seen.delete(value);
    }
  };

  const clip = (text: string): string =>
    text.length > limits.printLength
      ? `${text.slice(0, limits.printLength)}… ${text.length - limits.printLength} characters more`
      : text;

  const print = (...values: unknown[]): void =>
    emit(
      JSON.stringify({
        kind: 'print',
        text: clip(values.map((value) => show(value, 0, new Set())).join(' ')),
      }),
    );

  const table = (rows: Iterable<unknown>, columns?: readonly string[]): void => {
    const kept: Bag[] = [];
    let dropped = 0;
    for (const row of rows) {
      if (kept.length < limits.tableRows) kept.push(row as Bag);
      else dropped++;
    }
    const names: string[] = columns ? [...columns] : [];
    if (!columns)
      for (const row of kept)
        for (const [key, value] of Object.entries(row))
          if (typeof value !== 'function' && !names.includes(key)) names.push(key);
    emit(
      JSON.stringify({
        kind: 'table',
        columns: names,
        rows: kept.map((row) => names.map((name) => clip(plain(row[name])))),
        dropped,
      }),
    );
  };

  /** `[x, y]`, `{ x, y }`, or a y alone, whose x is its place. */
  const pointOf = (point: unknown, place: number): readonly [number, number] => {
    const pair = Array.isArray(point)
      ? (point as unknown[])
      : typeof point === 'object' && point !== null
        ? [(point as Bag)['x'], (point as Bag)['y']]
        : [place, point];
    const [x, y] = [Number(pair[0]), Number(pair[1])];
    if (!Number.isFinite(x) || !Number.isFinite(y))
      throw new TypeError('a point of a chart is a number, [x, y] or { x, y }, all finite');
    return [x, y];
  };

  const chart = (points: Iterable<unknown>, title: unknown = ''): void => {
    const x: number[] = [];
    const y: number[] = [];
    let dropped = 0;
    let place = 0;
    for (const point of points) {
      if (x.length >= limits.tableRows) {
        dropped++;
        continue;
      }
      const [atX, atY] = pointOf(point, place++);
      x.push(atX);
      y.push(atY);
    }
    emit(JSON.stringify({ kind: 'chart', title: clip(String(title)), x, y, dropped }));
  };

  const api: Bag = {
    units,
    devices,
    device: deviceOf,
    walk,
    mappings,
    faults,
    entry,
    poke,
    undo: () => void call('changes.undo', {}),
    redo: () => void call('changes.redo', {}),
    registers,
    writeRegister,
    hex: (value: unknown) => toHex(value, 'the value'),
    print,
    table,
    chart,
  };
  for (const [name, value] of Object.entries(api))
    Object.defineProperty(scope, name, { value: freeze(value), enumerable: true });
  /** For the host alone: how a REPL line's value is shown. */
  Object.defineProperty(scope, '__show', {
    value: (value: unknown) => clip(show(value, 0, new Set())),
    enumerable: false,
  });
}
