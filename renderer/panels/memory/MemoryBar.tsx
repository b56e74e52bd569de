import type { ReactNode, RefObject } from 'react';
import { formatSize } from '../../../core/format/size.ts';

export type WordSize = 1 | 2 | 4 | 8;
export const SIZES: readonly WordSize[] = [1, 2, 4, 8];

/** Whose addresses are shown. */
export type SpaceName = 'physical' | 'virtual' | 'iova';

const NAMES: Readonly<Record<SpaceName, string>> = {
  physical: 'Physical address',
  virtual: 'Virtual address or symbol',
  iova: 'I/O virtual address',
};

interface MemoryBarProps {
  readonly space: SpaceName;
  readonly onSpace: (space: SpaceName) => void;
  /** The simulated unit whose memory it is. */
  readonly simulated: string | undefined;
  readonly device: string | undefined;
  readonly input: RefObject<HTMLInputElement | null>;
  readonly typed: string;
  readonly onType: (text: string) => void;
  readonly onSubmit: () => void;
  readonly size: WordSize;
  readonly onSize: (size: WordSize) => void;
  /** Bytes that a step goes on by. */
  readonly span: number;
  /** Goes back or on; absent where nothing is shown. */
  readonly onStep: ((direction: 1 | -1) => void) | undefined;
  readonly atStart: boolean;
  readonly finding: boolean;
  readonly onFinding: (on: boolean) => void;
  readonly overlay: { readonly on: boolean; readonly title: string };
  readonly onOverlay: (on: boolean) => void;
  readonly problem: string;
  /** What is looked at: `vmcore, ELF`. */
  readonly source: string | undefined;
}

/** Where Memory goes to, and how its bytes are shown. */
export function MemoryBar(props: MemoryBarProps): ReactNode {
  const { space, simulated, device, input, typed, size, onStep } = props;
  const { finding, overlay, problem, source } = props;
  return (
    <form
      className="memory-bar"
      onSubmit={(event) => {
        event.preventDefault();
        props.onSubmit();
      }}
    >
      <select
        className="field"
        aria-label="Address space"
        value={space}
        onChange={(event) => props.onSpace(event.target.value as SpaceName)}
      >
        <option value="physical">
          Physical{simulated === undefined ? '' : ` of ${simulated}`}
        </option>
        <option value="virtual">Virtual or symbol</option>
        {device !== undefined && <option value="iova">IOVA of {device}</option>}
      </select>
      <input
        ref={input}
        className="field memory-address"
        aria-label={NAMES[space]}
        aria-invalid={problem !== ''}
        placeholder={space === 'virtual' ? 'linux_banner' : '0x13f2d9000'}
        spellCheck={false}
        value={typed}
        onChange={(event) => props.onType(event.target.value)}
      />
      <label className="muted">
        <span className="visually-hidden">Word size</span>
        <select
          className="field"
          aria-label="Word size"
          value={size}
          onChange={(event) => props.onSize(Number(event.target.value) as WordSize)}
        >
          {SIZES.map((each) => (
            <option key={each} value={each}>
              {each} B
            </option>
          ))}
        </select>
      </label>
      <button
        type="button"
        className="btn"
        onClick={() => onStep?.(-1)}
        disabled={!onStep || props.atStart}
      >
        ◀ {formatSize(props.span)}
      </button>
      <button type="button" className="btn" onClick={() => onStep?.(1)} disabled={!onStep}>
        {formatSize(props.span)} ▶
      </button>
      <button
        type="button"
        className="btn"
        aria-pressed={finding}
        onClick={() => props.onFinding(!finding)}
      >
        Find
      </button>
      {onStep && (
        <button
          type="button"
          className="btn shrink"
          aria-pressed={overlay.on}
          title={`Overlay: ${overlay.title}. Underlines every table that is known here and names its entries`}
          onClick={() => props.onOverlay(!overlay.on)}
        >
          Overlay: {overlay.title}
        </button>
      )}
      {problem === '' && source !== undefined && (
        <span className="muted shrink push" title={source}>
          {source}
        </span>
      )}
      {problem !== '' && (
        <span role="alert" className="is-error shrink">
          {problem}
        </span>
      )}
    </form>
  );
}
