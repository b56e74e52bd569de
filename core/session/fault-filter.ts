import { VERDICTS } from '../explain/verdicts.ts';
import { parseBdf } from '../format/bdf.ts';
import type { FaultRecord } from '../iommu/fault.ts';
import { FilterError, parseFilter } from './filter-syntax.ts';
import type { FilterTree, Operator, TermValue } from './filter-syntax.ts';

/** What a filter may ask of a fault beyond its record. */
export interface FilterWorld {
  /** Driver of a device, for text. */
  driver(bdf: string): string | undefined;
  /** The unit that serves a device. */
  unit(bdf: string): string | undefined;
  /** Verdict identity and title. */
  verdict(record: FaultRecord): { readonly id: string; readonly title: string } | undefined;
  /** Phase of the log in which the fault was told. */
  phase(record: FaultRecord): string | undefined;
}

type Predicate = (record: FaultRecord) => boolean;

/** A compiled filter. `count` terms hold for groups and are kept apart. */
export interface FaultFilter {
  readonly passes: Predicate;
  /** Whether a group of so many faults passes. */
  readonly groupPasses: (count: number) => boolean;
  /** It asks for verdicts, which are made by walking the tables. */
  readonly judges: boolean;
}

/** Numbers as people write them: hexadecimal with 0x, else decimal. */
function numberOf(value: string): number | undefined {
  if (/^0x[0-9a-f]+$/i.test(value) || /^\d+(\.\d+)?$/.test(value)) return Number(value);
  return undefined;
}

/** Seconds, with or without their unit. */
const secondsOf = (value: string): number | undefined => numberOf(value.replace(/s$/, ''));

/** A name without what people leave out or write otherwise: `take-over` is `takeover`. */
const bareWord = (text: string): string => text.toLowerCase().replace(/[^a-z0-9]/g, '');

/** Operators that ask for an order, which names have not. */
const ORDER: ReadonlySet<Operator> = new Set(['<', '<=', '>', '>=', '~']);
const NO_ORDER = 'this field has no order; use : or !=';

function bigOf(value: string): bigint | undefined {
  if (/^0x[0-9a-f]{1,16}$/i.test(value)) return BigInt(value);
  if (/^\d+$/.test(value)) return BigInt(value);
  return /^[0-9a-f]{1,16}$/i.test(value) ? BigInt(`0x${value}`) : undefined;
}

type Ordered = number | bigint;

/** A comparison, chosen once: it is made for every fault. */
function comparison<T extends Ordered>(operator: Operator, from: T, to: T): (value: T) => boolean {
  switch (operator) {
    case '<':
      return (value) => value < from;
    case '<=':
      return (value) => value <= from;
    case '>':
      return (value) => value > from;
    case '>=':
      return (value) => value >= from;
    default:
      return (value) => value >= from && value <= to;
  }
}

/** A field with numbers; `hint` says how its values are written. */
function ordered<T extends Ordered>(
  read: (record: FaultRecord) => T | undefined,
  parse: (text: string) => T | undefined,
  hint: string,
) {
  return (operator: Operator, value: TermValue): Predicate => {
    const from = parse(value.text);
    const to = value.to === undefined ? from : parse(value.to);
    if (from === undefined || to === undefined) throw new FilterError(hint, value.at);
    if (operator === '~') {
      const page = BigInt(from) >> 12n;
      return (record) => {
        const at = read(record);
        return at !== undefined && BigInt(at) >> 12n === page;
      };
    }
    const fits = comparison(operator, from, to);
    return (record) => {
      const at = read(record);
      return at !== undefined && fits(at);
    };
  };
}

/** A field with words; each value is looked up, or compared as it is. */
function named(
  read: (record: FaultRecord) => string | undefined,
  known?: ReadonlyMap<string, string>,
  hint = '',
) {
  return (operator: Operator, value: TermValue): Predicate => {
    if (ORDER.has(operator)) throw new FilterError(NO_ORDER, value.at);
    const text = value.text.toLowerCase();
    const wanted = known ? known.get(text) : text;
    if (wanted === undefined) throw new FilterError(hint, value.at);
    return (record) => read(record)?.toLowerCase() === wanted;
  };
}

const ACCESS: ReadonlyMap<string, string> = new Map([
  ['r', 'read'],
  ['read', 'read'],
  ['w', 'write'],
  ['write', 'write'],
  ['i', 'interrupt'],
  ['interrupt', 'interrupt'],
]);
const TYPES: ReadonlyMap<string, string> = new Map([
  ['dma', 'dma'],
  ['intr', 'interrupt'],
  ['interrupt', 'interrupt'],
  ['event', 'event'],
]);

type Term = (operator: Operator, value: TermValue) => Predicate;

function terms(world: FilterWorld): Readonly<Record<string, Term>> {
  const of = (bdf: string | undefined, about: (bdf: string) => string | undefined) =>
    bdf === undefined ? undefined : about(bdf);
  const address = ordered(
    (record) => record.address,
    bigOf,
    'addr takes an address such as 0xfff00000, or a range of two',
  );
  const domain = ordered((record) => record.domain, numberOf, 'did takes a number');
  return {
    bdf: bdfTerm,
    bus: ordered(
      (record) =>
        record.bdf === undefined ? undefined : Number.parseInt(record.bdf.slice(-7, -5), 16),
      (text) => (/^(0x)?[0-9a-f]{1,2}$/i.test(text) ? Number.parseInt(text, 16) : undefined),
      'bus takes two hex digits',
    ),
    unit: named((record) => of(record.bdf, (bdf) => world.unit(bdf))),
    driver: named((record) => of(record.bdf, (bdf) => world.driver(bdf))),
    kind: named((record) => record.type, TYPES, 'kind takes dma, intr or event'),
    access: named(
      (record) => (record.type === 'interrupt' ? 'interrupt' : record.access),
      ACCESS,
      'access takes r, w or i',
    ),
    reason: ordered((record) => record.reason, numberOf, 'reason takes a hex code such as 0x06'),
    event: named((record) => record.event),
    addr: address,
    address,
    pasid: ordered((record) => record.pasid, numberOf, 'pasid takes a number'),
    did: domain,
    domain,
    t: ordered((record) => record.time, secondsOf, 't takes seconds, or a range such as 13.7..14'),
    line: ordered((record) => record.line, numberOf, 'line takes a line number'),
    kernel: ordered((record) => record.kernel, numberOf, 'kernel takes 0 for the first'),
    phase: (operator, value) => {
      const wanted = bareWord(value.text);
      if (ORDER.has(operator)) throw new FilterError(NO_ORDER, value.at);
      if (wanted === '')
        throw new FilterError('phase takes a stage of the boot such as takeover', value.at);
      return (record) => bareWord(world.phase(record) ?? '').includes(wanted);
    },
    verdict: (operator, value) => {
      if (ORDER.has(operator)) throw new FilterError(NO_ORDER, value.at);
      const text = value.text.toLowerCase();
      return (record) => {
        const verdict = world.verdict(record);
        return (
          verdict !== undefined &&
          (verdict.id.toLowerCase().includes(text) || verdict.title.toLowerCase().includes(text))
        );
      };
    },
  };
}

const bdfTerm: Term = (operator, value) => {
  if (ORDER.has(operator)) throw new FilterError(NO_ORDER, value.at);
  const from = parseBdf(value.text);
  const to = value.to === undefined ? from : parseBdf(value.to);
  if (!from || !to) throw new FilterError('bdf takes a device such as 02:00.0', value.at);
  const [first, last] = [requester(from), requester(to)];
  const isWanted = remembered((name) => {
    const bdf = parseBdf(name);
    return bdf !== undefined && requester(bdf) >= first && requester(bdf) <= last;
  });
  return (record) => record.bdf !== undefined && isWanted(record.bdf);
};

/** Names that an answer is remembered for. */
const MAX_NAMES = 4096;

/** A test of a name, made once for each: a million faults have few devices. */
function remembered(test: (name: string) => boolean): (name: string) => boolean {
  const known = new Map<string, boolean>();
  return (name) => {
    let answer = known.get(name);
    if (answer === undefined) {
      if (known.size >= MAX_NAMES) known.clear();
      known.set(name, (answer = test(name)));
    }
    return answer;
  };
}

/** Segment and requester ID as one number. */
const requester = ({ segment, id }: { segment: number; id: number }): number =>
  segment * 0x1_0000 + id;

/** Compiles a filter text. @throws FilterError with the character that it is about. */
export function compileFilter(text: string, world: FilterWorld): FaultFilter {
  let judges = false;
  const known = terms(world);
  const groups: ((count: number) => boolean)[] = [];

  const term = (tree: Extract<FilterTree, { kind: 'term' }>): Predicate => {
    if (tree.field === 'count') {
      groups.push(countTerm(tree));
      return () => true;
    }
    const make = Object.hasOwn(known, tree.field) ? known[tree.field] : undefined;
    if (!make)
      throw new FilterError(
        `there is no field "${tree.field}"; fields are ${Object.keys(known).join(', ')}, count`,
        tree.at,
      );
    judges ||= tree.field === 'verdict';
    const any = tree.values.map((value) => make(tree.operator, value));
    if (tree.operator === '!=') return (record) => !any.some((test) => test(record));
    return any.length === 1 ? any[0] : (record) => any.some((test) => test(record));
  };

  const compile = (tree: FilterTree): Predicate => {
    switch (tree.kind) {
      case 'all': {
        const of = tree.of.map(compile);
        return (record) => of.every((test) => test(record));
      }
      case 'any': {
        const of = tree.of.map(compile);
        return (record) => of.some((test) => test(record));
      }
      case 'not': {
        const test = compile(tree.of);
        return (record) => !test(record);
      }
      case 'text': {
        const wanted = tree.text.toLowerCase();
        const says = saysText(wanted, world);
        // No verdict is made for a text that no verdict has.
        if (!TITLES.some((title) => title.includes(wanted))) return says;
        judges = true;
        return (record) =>
          says(record) || (world.verdict(record)?.title.toLowerCase().includes(wanted) ?? false);
      }
      case 'term':
        return term(tree);
    }
  };

  const passes = compile(parseFilter(text));
  return { passes, groupPasses: (count) => groups.every((test) => test(count)), judges };
}

function countTerm(tree: Extract<FilterTree, { kind: 'term' }>): (count: number) => boolean {
  const [value] = tree.values;
  const from = numberOf(value.text);
  const to = value.to === undefined ? from : numberOf(value.to);
  if (from === undefined || to === undefined)
    throw new FilterError('count takes a number', value.at);
  if (tree.operator === '!=') return (count) => count !== from;
  return comparison(tree.operator, from, to);
}

const TITLES: readonly string[] = Object.values(VERDICTS).map(({ title }) => title.toLowerCase());

/** Whether what the record says has a text, in one part or across several. */
function saysText(wanted: string, world: FilterWorld): Predicate {
  const inName = remembered((name) => name.toLowerCase().includes(wanted));
  const inDevice = remembered(
    (bdf) => bdf.includes(wanted) || (world.driver(bdf)?.toLowerCase().includes(wanted) ?? false),
  );
  if (/\s/.test(wanted)) return (record) => textOf(record, world).includes(wanted);
  return (record) =>
    (record.bdf !== undefined && inDevice(record.bdf)) ||
    inName(record.type) ||
    (record.access !== undefined && inName(record.access)) ||
    (record.reasonName !== undefined && inName(record.reasonName)) ||
    (record.event !== undefined && inName(record.event)) ||
    (record.flagNames?.some(inName) ?? false) ||
    (record.address !== undefined && addressText(record.address).includes(wanted));
}

const addressText = (address: bigint): string => `0x${address.toString(16)}`;

/** All that a record says, its verdict left out. */
function textOf(record: FaultRecord, world: FilterWorld): string {
  return [
    record.bdf,
    record.bdf === undefined ? undefined : world.driver(record.bdf),
    record.type,
    record.access,
    record.address === undefined ? undefined : addressText(record.address),
    record.reasonName,
    record.event,
    ...(record.flagNames ?? []),
  ]
    .filter((part) => part !== undefined)
    .join(' ')
    .toLowerCase();
}
