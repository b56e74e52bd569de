import { afterEach, describe, expect, it } from 'vitest';
import { onlyPanel, shareSelection } from '../../../renderer/state/windows.ts';
import { SelectionBus } from '../../../renderer/state/selection.ts';

describe('a panel in a window of its own', () => {
  it.each([
    ['?panel=faults', 'faults'],
    ['?panel=console%3Aconsole-1', 'console:console-1'],
    ['?panel=nothing', undefined],
    ['?other=faults', undefined],
    ['', undefined],
  ])('%s shows %s', (search, panel) => {
    expect(onlyPanel(search)).toBe(panel);
  });

  const ends: (() => void)[] = [];
  afterEach(() => {
    for (const end of ends.splice(0)) end();
  });

  it('shares the one selection, and is told what is selected when it opens', async () => {
    const channel = (): BroadcastChannel => new BroadcastChannel(`test.${process.pid}`);
    const main = new SelectionBus();
    ends.push(shareSelection(main, undefined, channel()));
    main.publish({ bdf: '00:06.0', from: 'faults' });
    const own = new SelectionBus();
    ends.push(shareSelection(own, 'tables', channel()));
    await expect.poll(() => own.current).toEqual({ bdf: '00:06.0', from: 'window' });
    own.publish({ bdf: '00:07.0', entry: 'dmar0/00:07.0/context', from: 'tables' });
    await expect.poll(() => main.current.bdf).toBe('00:07.0');
    expect(main.current.from).toBe('window');
    // What came from the other window is not sent back to it.
    expect(own.current.from).toBe('tables');
  });
});
