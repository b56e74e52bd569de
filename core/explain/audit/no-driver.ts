import { devicePath, requesterText } from '../mappings/tables.ts';
import { outcomeOf, skipped, type Hit, type Rule } from './rule.ts';

/** Devices that can do DMA and that nobody drives. */
export const noDriver: Rule = {
  id: 'mapped-without-driver',
  title: 'Devices with mappings have a driver',
  why: 'Nobody stops the DMA of a device that no driver holds: in a crash kernel it goes on through the old mapping until the end.',
  source:
    'Linux, drivers/iommu (deferred attach: a copied entry stays until the driver’s first mapping)',
  severity: 'note',
  check(state) {
    const { functions = [], crashDrivers } = state.facts;
    if (functions.length === 0 && !crashDrivers?.size)
      return skipped(
        'the machine’s devices and drivers: no kernel was found in the source, and no lspci was given',
      );
    const hits: Hit[] = [];
    for (const { table, leaves } of state.tables) {
      if (leaves === 0) continue;
      for (const device of table.users) {
        const { segment } = table.unit.facts;
        const known = functions.find((each) => each.segment === segment && each.id === device.id);
        const driven = functions.length === 0 || known?.driver !== undefined;
        if (driven && (!crashDrivers?.size || crashDrivers.has(device.bdf))) continue;
        hits.push({
          at: devicePath(table.unit, device),
          severity: 'note',
          text: driven
            ? `${requesterText(device)} has ${leaves} mapped pages, and no driver of the crash kernel has spoken of it in the log${known?.driver === undefined ? '' : `; ${known.driver} held it before`}.`
            : known
              ? `${requesterText(device)} has ${leaves} mapped pages and no driver.`
              : `${requesterText(device)} has ${leaves} mapped pages, and the kernel knows no such device: an alias of another one, or a function that is hidden.`,
          evidence: [
            {
              what: device.entry.layout.name,
              address: device.entry.address,
              words: device.entry.words,
            },
          ],
        });
      }
    }
    return outcomeOf(hits, state.gaps);
  },
};
