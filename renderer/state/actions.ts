/** Something that a key, a button or the palette can do. */
export interface Action {
  readonly id: string;
  readonly title: string;
  run(): void;
  /** Absent: always possible. */
  readonly possible?: () => boolean;
}

/** What a panel answers for itself while it has the focus: `panel.filter`, `copy.value`. */
export type PanelActions = Readonly<Record<string, (() => void) | undefined>>;

/** All actions by name. A focused panel's own come before those of the window. */
export class ActionRegistry {
  readonly #actions = new Map<string, Action>();
  readonly #panels = new Map<string, PanelActions>();
  #focused: () => string | undefined = () => undefined;

  add(...actions: readonly Action[]): void {
    for (const action of actions) this.#actions.set(action.id, action);
  }

  /** Tells which panel has the focus. */
  focusedBy(focused: () => string | undefined): void {
    this.#focused = focused;
  }

  /** Registers a panel's own actions until the returned function is called. */
  panel(id: string, actions: PanelActions): () => void {
    this.#panels.set(id, actions);
    return () => {
      if (this.#panels.get(id) === actions) this.#panels.delete(id);
    };
  }

  /** Whether a panel answers to an action itself. */
  offers(panel: string, id: string): boolean {
    return this.#panels.get(panel)?.[id] !== undefined;
  }

  /** The actions for the palette: those that are possible now, by title. */
  list(): Action[] {
    return [...this.#actions.values()]
      .filter((action) => action.possible?.() !== false)
      .sort((a, b) => a.title.localeCompare(b.title));
  }

  /** Whether something would happen. */
  has(id: string): boolean {
    const action = this.#actions.get(id);
    return this.#own(id) !== undefined || (action !== undefined && action.possible?.() !== false);
  }

  /** Runs an action. @returns false when nobody answers to the name now. */
  run(id: string): boolean {
    const own = this.#own(id);
    if (own) {
      own();
      return true;
    }
    const action = this.#actions.get(id);
    if (!action || action.possible?.() === false) return false;
    action.run();
    return true;
  }

  #own(id: string): (() => void) | undefined {
    const panel = this.#focused();
    return panel === undefined ? undefined : this.#panels.get(panel)?.[id];
  }
}
