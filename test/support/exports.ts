/**
 * `npm run check:exports`: every exported value is imported by another file, and what only tests
 * import serves its own file too. Types may be exported for the sake of a signature, but must be
 * named somewhere. It reads import and export clauses as prettier writes them.
 */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { ROOT } from './captures.ts';

const IMPORT =
  /\b(import|export)\s+(?:type\s+)?(\{[^}]*\}|\*(?:\s+as\s+[\w$]+)?)\s*from\s+'(\.[^']+)'/g;
const DYNAMIC = /\bimport\('(\.[^']+)'\)/g;
const EXPORT =
  /^export\s+(?:async\s+|abstract\s+)?(const|let|function\*?|class|interface|type)\s+([\w$]+)/gm;
const COMMENT = /\/\*[^]*?\*\/|^\s*\/\/.*$/gm;

/** Exports that only tests need, with the reason that they stand with the product all the same. */
const KEPT_FOR_TESTS: ReadonlyMap<string, string> = new Map([
  [
    'core/vtd/layouts.ts',
    'a layout is listed where it is made, so that none goes without a vector',
  ],
]);

/** Files that are looked at least; fewer prove nothing. */
const LEAST_FILES = 500;

const files = execFileSync('git', ['ls-files', '-co', '--exclude-standard', '*.ts', '*.tsx'], {
  cwd: ROOT,
  encoding: 'utf8',
})
  .trim()
  .split('\n');
const sources = new Map<string, string>();
for (const file of files)
  try {
    sources.set(file, readFileSync(join(ROOT, file), 'utf8').replace(COMMENT, ''));
  } catch {
    // Removed in the work tree, and still known to git.
  }

/** For each file the names that others import from it, and who; `*` is all of them. */
const imported = new Map<string, Map<string, Set<string>>>();
function note(file: string, name: string, by: string): void {
  const names = imported.get(file) ?? new Map<string, Set<string>>();
  imported.set(file, names.set(name, (names.get(name) ?? new Set()).add(by)));
}

const passedOn: { readonly from: string; readonly by: string }[] = [];
for (const [file, text] of sources) {
  const target = (path: string): string => normalize(join(dirname(file), path));
  for (const [, word, clause, path] of text.matchAll(IMPORT)) {
    if (clause.startsWith('{'))
      for (const part of clause.slice(1, -1).split(',')) {
        const name = part
          .trim()
          .replace(/^type\s+/, '')
          .split(/\s+as\s+/)[0];
        if (name) note(target(path), name, file);
      }
    else if (word === 'export') passedOn.push({ from: target(path), by: file });
    else note(target(path), '*', file);
  }
  for (const [, path] of text.matchAll(DYNAMIC)) note(target(path), '*', file);
}
for (const { from, by } of passedOn)
  for (const [name, users] of imported.get(by) ?? [])
    for (const user of users) note(from, name, user);

const isTest = (file: string): boolean => file.startsWith('test/');
const faults: string[] = [];
let looked = 0;
for (const [file, text] of sources) {
  if (/\.test\.tsx?$/.test(file)) continue;
  const names = imported.get(file);
  if (names?.has('*')) continue;
  for (const [, kind, name] of text.matchAll(EXPORT)) {
    looked++;
    const users = [...(names?.get(name) ?? [])];
    const own =
      text.split(new RegExp(`(?<![\\w$])(?<!(?<!\\.\\.)\\.)${name.replace('$', '\\$')}(?![\\w$])`))
        .length > 2;
    const isType = kind === 'interface' || kind === 'type';
    if (users.length === 0 && !(isType && own)) faults.push(`${file}: nobody imports ${name}`);
    else if (!own && users.every(isTest) && !isTest(file) && !KEPT_FOR_TESTS.has(file))
      faults.push(`${file}: only tests need ${name}`);
  }
}
if (sources.size < LEAST_FILES || looked < LEAST_FILES) {
  console.error(
    `exports: saw only ${looked} exports in ${sources.size} files; this proves nothing`,
  );
  process.exit(1);
}
for (const fault of faults) console.error(`exports: ${fault}`);
if (faults.length > 0) process.exit(1);
console.log(`exports: ${looked} in ${sources.size} files, each of them needed`);
