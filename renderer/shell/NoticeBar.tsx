import type { ReactNode } from 'react';
import { useWorkbench } from '../state/context.ts';
import { useStore } from '../state/store.ts';
import { copyText } from '../ui/clipboard.ts';
import { Glyph } from '../ui/Glyph.tsx';
import { ActionKeys } from '../ui/Keys.tsx';

/** At most one bar: the broken road to the engine comes first. */
export function NoticeBar(): ReactNode {
  const { link, notices } = useWorkbench();
  const { state, reason, epoch } = useStore(link);
  const notice = useStore(notices.current);
  if (state === 'lost')
    return (
      <div className="notice" role="alert">
        <Glyph kind="error" />
        <p>
          {epoch === 0 ? 'The engine did not answer: ' : 'The engine stopped: '}
          {reason}. What you see is from before; it starts again by itself.
        </p>
      </div>
    );
  if (!notice) return null;
  const { details, action } = notice;
  return (
    <div className="notice" role={notice.severity === 'error' ? 'alert' : 'status'}>
      <Glyph kind={notice.severity} />
      <p>{notice.text}</p>
      {action && (
        <button type="button" className="btn" onClick={() => action.run()}>
          {action.title}
        </button>
      )}
      {details !== undefined && (
        <button type="button" className="btn" onClick={() => void copyText(details, notices)}>
          Copy details
        </button>
      )}
      <button type="button" className="btn" onClick={() => notices.dismiss()}>
        Dismiss <ActionKeys action="escape" />
      </button>
    </div>
  );
}
