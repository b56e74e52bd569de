import { transformSync } from 'amaro';

export interface SourceError {
  readonly text: string;
  /** 1-based. */
  readonly line: number | undefined;
  readonly column: number | undefined;
}

/**
 * Takes the types out of a script, leaving every other character where it was, so that errors
 * point at the line that the author wrote. amaro is the stripper that Node itself uses.
 */
export function stripTypes(source: string): { readonly code: string } | SourceError {
  try {
    return { code: transformSync(source, { mode: 'strip-only' }).code };
  } catch (error) {
    const { message, startLine, startColumn } = error as {
      message?: string;
      startLine?: number;
      startColumn?: number;
    };
    return {
      text: `SyntaxError: ${message ?? String(error)}`,
      line: startLine,
      column: startColumn === undefined ? undefined : startColumn + 1,
    };
  }
}
