import type { ReactNode } from 'react';
import type { NoteSpan } from '../../../core/format/note-text.ts';
import { readNote } from '../../../core/format/note-text.ts';
import { TargetLink } from '../../ui/TargetLink.tsx';

/** A note as it reads; places in it are links, everything else is text. */
export function NoteText({ text }: { readonly text: string }): ReactNode {
  return (
    <>
      {readNote(text).map((block, index) => {
        // A block's place in its note is its identity.
        const key = `${index}`;
        if (block.kind === 'code') return <pre key={key}>{block.text}</pre>;
        if (block.kind === 'list')
          return (
            <ul key={key}>
              {block.items.map((item, at) => (
                // oxlint-disable-next-line react/no-array-index-key
                <li key={at}>
                  <Spans spans={item} />
                </li>
              ))}
            </ul>
          );
        return block.kind === 'heading' ? (
          <h4 key={key}>
            <Spans spans={block.spans} />
          </h4>
        ) : (
          <p key={key}>
            <Spans spans={block.spans} />
          </p>
        );
      })}
    </>
  );
}

function Spans({ spans }: { readonly spans: readonly NoteSpan[] }): ReactNode {
  return spans.map((span, index) => {
    const key = `${index} ${span.kind}`;
    switch (span.kind) {
      case 'text':
        return <span key={key}>{span.text}</span>;
      case 'code':
        return <code key={key}>{span.text}</code>;
      case 'strong':
        return <strong key={key}>{span.text}</strong>;
      case 'stress':
        return <em key={key}>{span.text}</em>;
      case 'place':
        return (
          <TargetLink key={key} target={span.text}>
            {span.text}
          </TargetLink>
        );
    }
  });
}
