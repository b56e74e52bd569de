/** The texts of a saved list; none of what is no list. */
export function textsOf(saved: unknown): string[] {
  return Array.isArray(saved) ? saved.filter((each) => typeof each === 'string') : [];
}
