import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { KnowledgeEntry } from '../../core/explain/knowledge.ts';
import { PACKAGE_ROOT } from './package-root.ts';

let knowledge: readonly KnowledgeEntry[] | undefined;

/** The knowledge base that comes with the program, in order of file name. */
export function knowledgeBase(): readonly KnowledgeEntry[] {
  if (knowledge) return knowledge;
  const folder = join(PACKAGE_ROOT, 'resources/knowledge');
  knowledge = readdirSync(folder)
    .filter((name) => name.endsWith('.json'))
    .sort()
    .map((name) => JSON.parse(readFileSync(join(folder, name), 'utf8')) as KnowledgeEntry);
  return knowledge;
}
