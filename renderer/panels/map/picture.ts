import type { CallAnswer } from '../../../core/protocol/contract.ts';
import type { MapRegion, StripItem } from '../../../core/protocol/contract-map.ts';
import type { EngineApi } from '../../engine/api.ts';
import type { StripData } from './paint.ts';
import { paintPins, paintStrip } from './paint.ts';
import { PHYSICAL_HEIGHT, paintPhysicalStrip } from './PhysicalStrip.tsx';
import type { Colours } from '../../ui/sheet.ts';
import { SvgSheet } from '../../ui/sheet.ts';
import type { Span } from './span.ts';
import { hasRegions, viewOf } from './useStrip.ts';
import { deviceText, emptyWords } from './words.ts';
import { ZOOM_HEIGHT, paintZoom } from './ZoomStrip.tsx';

/** Devices of one picture. */
const MOST = 64;
const LABEL = 110;
const WIDTH = 700;
const ROW = 30;

/** The whole map as an SVG text, in the colours that show. */
export async function mapPicture(
  engine: EngineApi,
  colours: Colours,
  shown: {
    readonly strips: readonly StripItem[];
    readonly overview: Span;
    readonly physical: CallAnswer<'map.physical'>['regions'];
    readonly zoom:
      | {
          readonly strip: StripItem;
          readonly span: Span;
          readonly data: StripData;
          readonly selected: MapRegion | undefined;
        }
      | undefined;
  },
): Promise<string> {
  const sheet = new SvgSheet(colours);
  const { overview, physical, zoom } = shown;
  const strips = shown.strips.slice(0, MOST);
  sheet.text(10, 32, 'Physical', { fill: 'fg1' });
  paintPhysicalStrip(sheet, { x: LABEL, y: 0, width: WIDTH }, overview, physical);
  let y = PHYSICAL_HEIGHT + 6;
  for (const strip of strips) {
    const view = viewOf(strip, overview, WIDTH);
    const regions = hasRegions(strip) ? await engine.call('map.regions', view) : undefined;
    const pins = strip.faults > 0 ? (await engine.call('map.faults', view)).pins : [];
    const box = { x: LABEL, y, width: WIDTH, height: 26 };
    sheet.text(10, y + 17, deviceText(strip), { fill: 'fg0', mono: true });
    paintStrip(sheet, box, overview, {
      regions: regions?.regions ?? [],
      unreadable: regions?.unreadable ?? [],
      pins,
    });
    paintPins(sheet, box, overview, pins);
    const words = emptyWords(strip);
    if (words !== undefined)
      sheet.text(LABEL + WIDTH / 2, y + 17, words, { fill: 'fg2', align: 'center' });
    y += ROW;
  }
  if (zoom) {
    sheet.text(10, y + 40, deviceText(zoom.strip), { fill: 'fg0', mono: true });
    paintZoom(sheet, { x: LABEL, y, width: WIDTH }, { ...zoom, overview });
    y += ZOOM_HEIGHT;
  }
  return sheet.svg(LABEL + WIDTH + 20, y + 10, 'Address map');
}
