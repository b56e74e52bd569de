/** Between the engine's process and the one that started it. A view's texts are JSON messages. */
export type ToEngine =
  | { readonly type: 'view'; readonly view: number }
  | { readonly type: 'text'; readonly view: number; readonly text: string }
  | { readonly type: 'gone'; readonly view: number }
  | { readonly type: 'stop' };

export type FromEngine =
  /** It has taken up its session and answers. */
  | { readonly type: 'ready'; readonly session: string }
  | { readonly type: 'text'; readonly view: number; readonly text: string }
  | {
      readonly type: 'close';
      readonly view: number;
      readonly code: number;
      readonly reason: string;
    };
