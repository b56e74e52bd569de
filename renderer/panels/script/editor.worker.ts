/** Monaco's own worker (links, diffs, word completion), as a file of the window's own origin. */
import 'monaco-editor/editor/editor.worker';
