import type { ByteSource } from '../memory/platform.ts';
import { identifyDump } from '../dump/identify.ts';
import { identifyImport, type ImportKind } from '../imports/identify.ts';

/** What a file is, found from its content and never from its name. */
export type SourceKind =
  | 'dump'
  | 'registers'
  | 'recording'
  | 'log'
  | 'acpi'
  /** Texts that engineers paste; debugfs texts of registers alone are `registers`. */
  | 'debugfs'
  | 'hexdump'
  | 'iomem'
  | 'lspci'
  | 'acpidump'
  | 'unknown';

const HEAD = 64 * 1024;

/**
 * Looks at a source's first bytes. A dump format wins; then register documents (JSON with
 * `units`), asciicast recordings, pasted texts that core/imports knows, and text that could be a
 * console's.
 */
export function identify(source: ByteSource): SourceKind {
  if (source.size === 0) return 'unknown';
  if (identifyDump(source)) return 'dump';
  const head = new Uint8Array(Math.min(HEAD, source.size));
  const length = source.read(0, head);
  const bytes = head.subarray(0, length);
  const text = new TextDecoder('latin1').decode(bytes);
  if (/^(?:DMAR|IVRS)/.test(text) && declaredLength(bytes) === source.size) return 'acpi';
  if (/^\s*\{/.test(text)) {
    if (/^\s*\{"version":\s*2,/.test(text)) return 'recording';
    if (/"units"\s*:/.test(text) && /"registers"\s*:/.test(text)) return 'registers';
  }
  if (!isText(bytes)) return 'unknown';
  const form = identifyImport(text);
  return form ? importedKind(form) : 'log';
}

/** What becomes of a pasted text: registers, a memory, ACPI tables, or a text of its own. */
function importedKind(form: ImportKind): SourceKind {
  switch (form) {
    case 'iommu_regset':
    case 'amd-mmio':
      return 'registers';
    case 'hexdump':
    case 'iomem':
    case 'lspci':
    case 'acpidump':
      return form;
    default:
      return 'debugfs';
  }
}

/** The length that an ACPI table's header states. */
function declaredLength(bytes: Uint8Array): number | undefined {
  if (bytes.length < 8) return undefined;
  return new DataView(bytes.buffer, bytes.byteOffset).getUint32(4, true);
}

/** Console bytes hold escapes and noise, but hardly any NULs, and lines end somewhere. */
function isText(bytes: Uint8Array): boolean {
  let odd = 0;
  for (const byte of bytes)
    if (byte === 0 || (byte < 32 && byte !== 9 && byte !== 10 && byte !== 13 && byte !== 27)) odd++;
  return odd * 20 <= bytes.length;
}
