import type { ReactNode } from 'react';
import { useState } from 'react';
import { formatCount } from '../../../core/format/size.ts';
import { useCall } from '../../engine/useCall.ts';
import { withCommas } from '../../format/prose.ts';
import { useWorkbench } from '../../state/context.ts';
import { Address } from '../../ui/Address.tsx';
import { Glyph } from '../../ui/Glyph.tsx';
import { MenuButton } from '../../ui/MenuButton.tsx';
import { exportItems } from '../../ui/table-export.ts';
import { TargetLink } from '../../ui/TargetLink.tsx';
import { findingTable } from './copy.ts';

/** Findings that are listed at a time. */
const LISTED = 100;

/** Findings of the selected subtree, and what could not be read in it. */
export function Findings({ path }: { readonly path: string | undefined }): ReactNode {
  const workbench = useWorkbench();
  const answer = useCall('findings.list', { path });
  const [open, setOpen] = useState(true);
  const { findings = [], incomplete = [] } = answer.value ?? {};
  if (findings.length + incomplete.length === 0) return null;
  const title = findings.length === 0 ? 'Not read' : 'Findings';
  const more = Math.max(0, findings.length - LISTED) + Math.max(0, incomplete.length - LISTED);
  return (
    <section className="findings" aria-label="Findings">
      <h3>
        <button type="button" aria-expanded={open} onClick={() => setOpen(!open)}>
          {open ? '▾' : '▸'} {path === undefined ? title : `${title} below ${path}`}{' '}
          <span className="muted">{formatCount(findings.length || incomplete.length)}</span>
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
              <span>{withCommas(finding.text)}</span>
              <Place at={finding.at} />
            </li>
          ))}
          {incomplete.slice(0, LISTED).map(({ text, at, address }) => (
            <li key={`${text} ${at}`}>
              <Glyph kind="unknown" name="Not read" />
              <span>
                <WithLink text={text} address={address} />
              </span>
              <Place at={at} />
            </li>
          ))}
          {more > 0 && (
            <li>
              <span />
              <span className="muted">
                {formatCount(more)} more are not listed; Copy as… has them.
              </span>
            </li>
          )}
        </ul>
      )}
    </section>
  );
}

/** A link to the entry of a path, without its unit; nothing where a finding is about no entry. */
function Place({ at }: { readonly at: string }): ReactNode {
  if (!/^[a-z]+\d+(?:\/|$)/.test(at)) return <span className="mono muted">{at}</span>;
  return <TargetLink target={at}>{at.split('/').slice(1).join('/') || at}</TargetLink>;
}

/** A sentence in which an address is a link. */
function WithLink({
  text,
  address,
}: {
  readonly text: string;
  readonly address: string | undefined;
}): ReactNode {
  const at = address === undefined ? -1 : text.indexOf(address);
  if (address === undefined || at < 0) return withCommas(text);
  return (
    <>
      {withCommas(text.slice(0, at))}
      <TargetLink target={address}>
        <Address value={address} />
      </TargetLink>
      {withCommas(text.slice(at + address.length))}
    </>
  );
}
