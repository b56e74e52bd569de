import type { ReactNode, Ref } from 'react';
import { useEffect, useImperativeHandle, useRef } from 'react';
import { strokeIn } from '../../keymap.ts';
import { useWorkbench } from '../../state/context.ts';
import { useStore } from '../../state/store.ts';
import { colours, editor, setDeclarations } from './monaco.ts';

export interface EditorHandle {
  focus(): void;
  goTo(line: number, column: number): void;
}

interface EditorProps {
  readonly ref: Ref<EditorHandle>;
  readonly source: string;
  /** TypeScript declarations of what scripts may call. */
  readonly declarations: string;
  /** The editor is there and can take the focus. */
  readonly onReady: () => void;
  readonly onChange: (source: string) => void;
  readonly onRun: (source: string) => void;
  readonly onRunLine: (source: string) => void;
  readonly onStop: () => void;
}

/** The script editor; loaded only with the Script panel. */
export default function Editor({ ref, ...props }: EditorProps): ReactNode {
  const host = useRef<HTMLDivElement>(null);
  const made = useRef<editor.IStandaloneCodeEditor>(undefined);
  const latest = useRef<Omit<EditorProps, 'ref'>>(props);
  useEffect(() => {
    latest.current = props;
  });
  const { view } = useWorkbench();
  const theme = useStore(view.theme);

  useEffect(() => {
    if (!host.current) return;
    const instance = editor.create(host.current, {
      value: latest.current.source,
      language: 'typescript',
      automaticLayout: true,
      minimap: { enabled: false },
      fontFamily: '"JetBrains Mono", monospace',
      fontSize: 12,
      lineHeight: 18,
      fontLigatures: '"calt" 0, "zero" 1',
      scrollBeyondLastLine: false,
      tabSize: 2,
      ariaLabel: 'Script',
      fixedOverflowWidgets: true,
      padding: { top: 6 },
    });
    made.current = instance;
    latest.current.onReady();
    const changes = instance.onDidChangeModelContent(() =>
      latest.current.onChange(instance.getValue()),
    );
    const keys = instance.onKeyDown((event) => {
      const stroke = strokeIn(event.browserEvent, 'script');
      if (stroke === 'Ctrl+Enter') latest.current.onRun(instance.getValue());
      else if (stroke === 'Shift+Enter') latest.current.onRunLine(selectedOrLine(instance));
      else if (stroke === 'Ctrl+Shift+Enter') latest.current.onStop();
      else return;
      event.preventDefault();
      event.stopPropagation();
    });
    return () => {
      changes.dispose();
      keys.dispose();
      instance.dispose();
      made.current = undefined;
    };
  }, []);

  const { source, declarations } = props;
  useEffect(() => {
    const instance = made.current;
    if (instance && instance.getValue() !== source) instance.setValue(source);
  }, [source]);
  useEffect(() => setDeclarations(declarations), [declarations]);
  useEffect(() => colours(theme), [theme]);

  useImperativeHandle(ref, () => ({
    focus: () => made.current?.focus(),
    goTo: (line, column) => {
      made.current?.setPosition({ lineNumber: line, column });
      made.current?.revealLineInCenter(line);
      made.current?.focus();
    },
  }));

  return <div ref={host} className="script-monaco" />;
}

function selectedOrLine(instance: editor.IStandaloneCodeEditor): string {
  const model = instance.getModel();
  const selection = instance.getSelection();
  if (!model || !selection) return '';
  return selection.isEmpty()
    ? model.getLineContent(selection.startLineNumber)
    : model.getValueInRange(selection);
}
