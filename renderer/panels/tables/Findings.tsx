import type { ReactNode } from 'react';
import { useState } from 'react';
import { useCall } from '../../engine/useCall.ts';
import { useWorkbench } from '../../state/context.ts';
import { Glyph } from '../../ui/Glyph.tsx';
import { MenuButton } from '../../ui/MenuButton.tsx';
import { exportItems } from '../../ui/table-export.ts';
import { TargetLink } from '../../ui/TargetLink.tsx';
import { findingTable } from './copy.ts';

/** Findings that are listed at a time. */
const LISTED = 100;

/** Findings of the selected subtree, and what could not be read. */
export function Findings({ path }: { readonly path: string | undefined }): ReactNode {
  const workbench = useWorkbench();
  const answer = useCall('findings.list', { path });
  const [open, setOpen] = useState(true);
  const { findings = [], incomplete = [] } = answer.value ?? {};
  if (findings.length + incomplete.length === 0) return null;
  return (
    <section className="findings" aria-label="Findings">
      <h3>
        <button type="button" aria-expanded={open} onClick={() => setOpen(!open)}>
          {open ? '▾' : '▸'}{' '}
          {findings.length === 0
            ? 'Not read'
            : path === undefined
              ? 'Findings'
              : `Findings below ${path}`}{' '}
          <span className="muted">{findings.length || incomplete.length}</span>
        </button>
        <MenuButton
          label="Copy or save the findings"
          name="Copy as… (the findings)"
          className="findings-copy"
          items={() =>
            exportItems(workbench, {
              name: 'Findings',
              read: () => findingTable(findings, incomplete),
            })
          }
        >
          Copy as…
        </MenuButton>
      </h3>
      {open && (
        <ul>
          {findings.slice(0, LISTED).map((finding) => (
            <li key={`${finding.id} ${finding.at} ${finding.text}`}>
              <Glyph kind={finding.severity} />
              <span>{finding.text}</span>
              <TargetLink target={finding.at}>
                {finding.at.split('/').slice(1).join('/') || finding.at}
              </TargetLink>
            </li>
          ))}
          {incomplete.slice(0, LISTED).map((text) => (
            <li key={text}>
              <Glyph kind="unknown" name="Not read" />
              <span>{text}</span>
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}
