import { openLine, type LineSettings } from './line-settings.ts';
import type { ConsoleSource } from './source.ts';

/** How a session's consoles come to their ports and connections. */
export interface PortOpener {
  /**
   * A source for a port that is still to be opened.
   * @param console id of the console that it belongs to
   * @param recorded bytes that the console's record holds
   */
  port(settings: LineSettings, console: string, recorded: () => number): ConsoleSource;
  /** The port that stayed open while an engine ended; undefined when there is none. */
  kept(console: string, recorded: () => number): Promise<ConsoleSource | undefined>;
}

/** Ports of the engine's own thread, which has to be the process's first one. */
export const ownPorts: PortOpener = {
  port: (settings) => openLine(settings),
  kept: async () => undefined,
};
