import 'monaco-editor/features/bracketMatching/register';
import 'monaco-editor/features/clipboard/register';
import 'monaco-editor/features/comment/register';
import 'monaco-editor/features/contextmenu/register';
import 'monaco-editor/features/find/register';
import 'monaco-editor/features/folding/register';
import 'monaco-editor/features/hover/register';
import 'monaco-editor/features/indentation/register';
import 'monaco-editor/features/linesOperations/register';
import 'monaco-editor/features/multicursor/register';
import 'monaco-editor/features/parameterHints/register';
// The list of completions must be known before an editor is made; no feature brings it by itself.
import 'monaco-editor/editor/contrib/suggest/browser/suggestController';
import 'monaco-editor/features/codicon/register';
import 'monaco-editor/features/wordOperations/register';
import 'monaco-editor/languages/definitions/typescript/register';
import {
  ModuleKind,
  ScriptTarget,
  typescriptDefaults,
} from 'monaco-editor/languages/features/typescript/register';
import { editor } from 'monaco-editor/editor/editor.api';
import type { Theme } from '../../state/view.ts';
import { token } from '../../ui/colours.ts';

export { editor };

// Workers come as files from the window's own origin.
globalThis.MonacoEnvironment = {
  getWorker: (_id: string, label: string): Worker =>
    label === 'typescript'
      ? new Worker(new URL('./ts.worker.ts', import.meta.url), { type: 'module' })
      : new Worker(new URL('./editor.worker.ts', import.meta.url), { type: 'module' }),
};

typescriptDefaults.setCompilerOptions({
  target: ScriptTarget.ES2020,
  module: ModuleKind.ESNext,
  lib: ['es2022'],
  strict: true,
  allowNonTsExtensions: true,
});
typescriptDefaults.setDiagnosticsOptions({
  // Scripts may await at their top level and need no import to be modules.
  diagnosticCodesToIgnore: [1375, 1378, 2451],
});

/** Tells the editor what scripts may call. */
export function setDeclarations(declarations: string): void {
  typescriptDefaults.setExtraLibs([{ content: declarations, filePath: 'file:///faultline.d.ts' }]);
}

/** The editor's colours from the tokens. */
export function colours(theme: Theme): void {
  const rule = (name: string, colour: string): { token: string; foreground: string } => ({
    token: name,
    foreground: token(colour).slice(1),
  });
  editor.defineTheme('faultline', {
    base: theme === 'dark' ? 'vs-dark' : 'vs',
    inherit: true,
    rules: [
      rule('comment', 'fg2'),
      rule('keyword', 'accent'),
      rule('string', 'ok'),
      rule('number', 'warn'),
      rule('type', 'info'),
      rule('identifier', 'fg0'),
    ],
    colors: {
      'editor.background': token('bg1'),
      'editor.foreground': token('fg0'),
      'editorLineNumber.foreground': token('fg2'),
      'editorLineNumber.activeForeground': token('fg0'),
      'editor.lineHighlightBackground': token('bg2'),
      'editor.selectionBackground': token('sel'),
      'editorWidget.background': token('bg2'),
      'editorWidget.border': token('line'),
      'editorSuggestWidget.selectedBackground': token('sel'),
      'editorSuggestWidget.selectedForeground': token('fg0'),
      focusBorder: token('accent'),
    },
  });
  editor.setTheme('faultline');
}
