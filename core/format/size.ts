const UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB', 'EiB'];

/** IEC size for people: `4 KiB`, `3.1 GiB`; exact below 1 KiB. */
export function formatSize(bytes: number | bigint): string {
  let value = Number(bytes);
  let unit = 0;
  while (value >= 1024 && unit < UNITS.length - 1) {
    value /= 1024;
    unit++;
  }
  const text = Number.isInteger(value) ? String(value) : value.toFixed(1).replace(/\.0$/, '');
  return `${text} ${UNITS[unit]}`;
}

/** The size itself, for the tip of a rounded one: `7,340,032 bytes`. */
export function exactBytes(bytes: number | bigint): string {
  return `${String(bytes).replace(/\B(?=(?:\d{3})+$)/g, ',')} ${Number(bytes) === 1 ? 'byte' : 'bytes'}`;
}

/** `1 page`, `3 pages`, `2 entries`. */
export function plural(count: number, one: string, several = `${one}s`): string {
  return `${formatCount(count)} ${count === 1 ? one : several}`;
}

/** A count for people: thousands separated by commas. */
export function formatCount(value: number): string {
  // Not toLocaleString: the tables of languages take 20 ms to load.
  return String(value).replace(/\B(?=(?:\d{3})+$)/g, ',');
}
