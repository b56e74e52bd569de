import type { UploadAnswer } from '../../core/protocol/shell.ts';
import { UPLOAD_HEADER, UPLOAD_PATH } from '../../core/protocol/shell.ts';
import { formatSize } from '../../core/format/size.ts';
import type { JobItem } from '../../core/protocol/contract-jobs.ts';
import type { Store } from '../state/store.ts';
import { createStore } from '../state/store.ts';

/** A file that is on its way to the server. */
interface Sending {
  readonly name: string;
  readonly sent: number;
  readonly bytes: number;
  /** When it began, ms of `performance.now()`. */
  readonly since: number;
  stop(): void;
}

/** The file that this page sends now. */
export const sending: Store<Sending | undefined> = createStore<Sending | undefined>(undefined);

/** The same as a job of the status bar. */
export function sendingJob({ name, sent, bytes, since }: Sending, now: number): JobItem {
  return {
    id: 'upload',
    name: `Sending ${name}`,
    percent: bytes === 0 ? undefined : Math.floor((sent / bytes) * 100),
    detail: `${formatSize(sent)} of ${formatSize(bytes)}`,
    seconds: (now - since) / 1000,
    stopped: false,
  };
}

/** Sends a file to the server that the page came from. @returns where it stands there, or why not */
export function sendFile(file: File): Promise<UploadAnswer> {
  return new Promise((resolve) => {
    const request = new XMLHttpRequest();
    const since = performance.now();
    const tell = (sent: number): void =>
      sending.set({
        name: file.name,
        sent,
        bytes: file.size,
        since,
        stop: () => request.abort(),
      });
    const done = (answer: UploadAnswer): void => {
      sending.set(undefined);
      resolve(answer);
    };
    request.upload.addEventListener('progress', ({ loaded }) => tell(loaded));
    request.addEventListener('load', () => done(answerOf(request)));
    request.addEventListener('error', () => done({ why: 'the server did not take it' }));
    request.addEventListener('abort', () => done({ why: 'it was stopped' }));
    tell(0);
    request.open('POST', `${UPLOAD_PATH}?name=${encodeURIComponent(file.name)}`);
    request.setRequestHeader(UPLOAD_HEADER, '1');
    request.send(file);
  });
}

function answerOf(request: XMLHttpRequest): UploadAnswer {
  try {
    const { path, why } = JSON.parse(request.responseText) as {
      path?: unknown;
      why?: unknown;
    };
    if (request.status === 200 && typeof path === 'string') return { path };
    if (typeof why === 'string') return { why };
  } catch {
    // No answer of the server's own.
  }
  return { why: `it was refused with code ${request.status}` };
}
