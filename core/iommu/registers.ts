import type { Layout } from '../bits/layout.ts';
import type { RegisterReading } from '../memory/mmio.ts';

/** One register of a unit's page, as the specification defines it. */
export interface RegisterDefinition {
  /** The specification's short name: `GSTS`, `RTADDR`, `Device Table Base Address`. */
  readonly name: string;
  readonly title: string;
  /** Bytes from the unit's base. */
  readonly offset: number;
  readonly layout: Layout;
}

/** A register with its value, or with none when nobody read it. */
export interface RegisterValue {
  readonly definition: RegisterDefinition;
  readonly reading: RegisterReading | undefined;
}
