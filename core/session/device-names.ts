/** What lspci tells of a device, for views that show a BDF. */
import type { Investigation } from './investigation.ts';

/** Name and driver as JSON rows carry them; nothing where lspci was not given. */
export function deviceJson(
  investigation: Investigation,
  bdf: string,
): { readonly device?: string; readonly driver?: string | null } {
  const known = investigation.pciDevice(bdf);
  if (!known) return {};
  return { ...(known.text === '' ? {} : { device: known.text }), driver: known.driver ?? null };
}

/** `e1000e, Ethernet controller: …` or undefined where nobody tells. */
export function deviceText(investigation: Investigation, bdf: string): string | undefined {
  const known = investigation.pciDevice(bdf);
  if (!known) return undefined;
  return [known.driver ?? 'no driver', known.text].filter((part) => part !== '').join(', ');
}
