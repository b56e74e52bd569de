/** Monaco's TypeScript service, as a worker file of the window's own origin. */
import 'monaco-editor/language/typescript/ts.worker';
