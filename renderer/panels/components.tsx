import type { IDockviewPanelProps } from 'dockview-react';
import type { ComponentType, FunctionComponent, ReactNode } from 'react';
import { useEffect, useState } from 'react';
import { PanelId } from '../ui/Panel.tsx';
import { AuditPanel } from './audit/AuditPanel.tsx';
import { ComparePanel } from './compare/ComparePanel.tsx';
import { ConsolePanel } from './console/ConsolePanel.tsx';
import { EntryPanel } from './entry/EntryPanel.tsx';
import { ExplainPanel } from './explain/ExplainPanel.tsx';
import { FaultsPanel } from './faults/FaultsPanel.tsx';
import { HandoffPanel } from './handoff/HandoffPanel.tsx';
import { MapPanel } from './map/MapPanel.tsx';
import { MemoryPanel } from './memory/MemoryPanel.tsx';
import { RegistersPanel } from './registers/RegistersPanel.tsx';
import { NotesPanel } from './notes/NotesPanel.tsx';
import type { PanelKind } from './registry.ts';
import { ScriptPanel } from './script/ScriptPanel.tsx';
import { TablesPanel } from './tables/TablesPanel.tsx';
import { TimelinePanel } from './timeline/TimelinePanel.tsx';
import { TranslatePanel } from './translate/TranslatePanel.tsx';

/** Gives a panel its id. A hidden panel renders nothing unless it keeps what can't be made again. */
function hosted(
  Content: ComponentType<{ readonly visible: boolean }>,
  keep = false,
): FunctionComponent<IDockviewPanelProps> {
  return function HostedPanel({ api }: IDockviewPanelProps): ReactNode {
    const [visible, setVisible] = useState(api.isVisible);
    useEffect(() => {
      const listener = api.onDidVisibilityChange((event) => setVisible(event.isVisible));
      setVisible(api.isVisible);
      return () => listener.dispose();
    }, [api]);
    return <PanelId value={api.id}>{(visible || keep) && <Content visible={visible} />}</PanelId>;
  };
}

/** The component of every kind of panel. */
export const COMPONENTS: Record<PanelKind, FunctionComponent<IDockviewPanelProps>> = {
  console: hosted(ConsolePanel, true),
  registers: hosted(RegistersPanel),
  memory: hosted(MemoryPanel),
  tables: hosted(TablesPanel),
  entry: hosted(EntryPanel),
  translate: hosted(TranslatePanel),
  map: hosted(MapPanel),
  faults: hosted(FaultsPanel),
  explain: hosted(ExplainPanel),
  timeline: hosted(TimelinePanel),
  audit: hosted(AuditPanel),
  compare: hosted(ComparePanel),
  handoff: hosted(HandoffPanel),
  script: hosted(ScriptPanel, true),
  notes: hosted(NotesPanel),
};
