/** A PCI function as a kernel (or lspci) knows it. */
export interface KnownFunction {
  readonly segment: number;
  /** Requester ID. */
  readonly id: number;
  readonly vendor: number | undefined;
  readonly device: number | undefined;
  /** Base class, subclass and programming interface. */
  readonly class?: number | undefined;
  readonly driver?: string | undefined;
}
