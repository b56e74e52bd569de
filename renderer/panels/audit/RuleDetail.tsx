import type { ReactNode } from 'react';
import type { EvidenceItem } from '../../../core/protocol/schema.ts';
import { withCommas } from '../../format/prose.ts';
import { Address } from '../../ui/Address.tsx';
import { Glyph } from '../../ui/Glyph.tsx';
import { TargetLink } from '../../ui/TargetLink.tsx';
import type { AuditRow } from './model.ts';

/** Why the selected rule is asked, where it stands in the specification, and what it was seen by. */
export function RuleDetail({ row }: { readonly row: AuditRow | undefined }): ReactNode {
  if (!row || row.kind === 'fold') return null;
  const { rule } = row;
  return (
    <section className="audit-detail" aria-label="The selected rule" aria-live="polite">
      <h3>{rule.title}</h3>
      {row.kind === 'hit' && (
        <p>
          <Glyph kind={row.hit.severity} /> {withCommas(row.hit.text)}
        </p>
      )}
      {rule.skipped !== undefined && (
        <p>
          <Glyph kind="unknown" name="Not run" /> Skipped: {rule.skipped}
        </p>
      )}
      <dl className="facts">
        <dt>Why</dt>
        <dd>{rule.why}</dd>
        <dt>Section</dt>
        <dd>{rule.source}</dd>
        {row.kind === 'hit' && (
          <>
            <dt>Where</dt>
            <dd className="mono">
              <TargetLink target={row.hit.at}>{row.hit.at}</TargetLink>
            </dd>
            <dt>Evidence</dt>
            <dd>
              {row.hit.evidence.length === 0 ? (
                '–'
              ) : (
                <ul>
                  {row.hit.evidence.map((each) => (
                    <li key={`${each.what} ${each.address ?? ''} ${each.field ?? ''}`}>
                      <Evidence evidence={each} />
                    </li>
                  ))}
                </ul>
              )}
            </dd>
          </>
        )}
        {row.kind !== 'hit' && rule.gaps.length > 0 && (
          <>
            <dt>Not looked at</dt>
            <dd>
              <ul>
                {rule.gaps.map((gap) => (
                  <li key={gap}>{gap}</li>
                ))}
              </ul>
            </dd>
          </>
        )}
      </dl>
    </section>
  );
}

function Evidence({ evidence }: { readonly evidence: EvidenceItem }): ReactNode {
  const { what, address, raw, field, meaning } = evidence;
  return (
    <>
      {what}
      {address !== undefined && (
        <>
          {' at '}
          <TargetLink target={address}>
            <Address value={address} />
          </TargetLink>
        </>
      )}
      {raw !== undefined && <span className="mono second"> {raw.join(' ')}</span>}
      {field !== undefined && (
        <>
          {' '}
          <b className="mono">{field}</b>
        </>
      )}
      {meaning !== undefined && <span className="second"> {meaning}</span>}
    </>
  );
}
