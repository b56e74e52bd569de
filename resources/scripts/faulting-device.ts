// Finds the device that faulted first, shows its entry, changes it, and shows what the walk says then.
const first = [...faults()].find(
  (fault) => fault.type !== 'interrupt' && fault.bdf && fault.address !== undefined,
);
if (!first) throw new Error('No DMA fault in this session.');
print(
  `first fault: ${first.bdf} ${first.access} ${hex(first.address!)}, reason ${hex(first.reason ?? 0)}`,
);

const culprit = device(first.bdf!);
const before = culprit.entry();
table([
  { when: 'as captured', path: before.path, ...before.fields },
  { when: 'present bit cleared', path: before.path, ...before.poke('P', 0).entry.fields },
]);
print('walk now:', culprit.walk(first.address!, { access: first.access }).name);
undo();
print('walk after undo:', culprit.walk(first.address!, { access: first.access }).name);
