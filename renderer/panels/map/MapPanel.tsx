import type { ReactNode } from 'react';
import { useEffect, useMemo, useRef, useState } from 'react';
import { hex } from '../../../core/format/hex.ts';
import { formatCount } from '../../../core/format/size.ts';
import type { MapPin, MapRegion, StripItem } from '../../../core/protocol/contract-map.ts';
import { useCall } from '../../engine/useCall.ts';
import { useStoppable } from '../../engine/useStoppable.ts';
import { keysOf } from '../../keymap.ts';
import { attempt } from '../../shell/actions.ts';
import type { Request } from '../../shell/go.ts';
import { openLeaf, selectLeaf } from '../../shell/go.ts';
import { selectionItems } from '../../shell/selection-menu.ts';
import { useWorkbench } from '../../state/context.ts';
import { createStore, useStore } from '../../state/store.ts';
import { copyText } from '../../ui/clipboard.ts';
import { token } from '../../ui/colours.ts';
import { MappingsJob } from '../../ui/MappingsJob.tsx';
import { Panel } from '../../ui/Panel.tsx';
import { useWidth } from '../../ui/useWidth.ts';
import { EMPTY } from '../../wording.ts';
import { NoDump } from '../NoDump.tsx';
import { DeviceStrips } from './DeviceStrips.tsx';
import { gapText, type Hover } from './hover.ts';
import { MapBar } from './MapBar.tsx';
import { MapLegend } from './MapLegend.tsx';
import { MapReadout } from './MapReadout.tsx';
import { pinText } from './paint.ts';
import { mapPicture } from './picture.ts';
import { PhysicalStrip } from './PhysicalStrip.tsx';
import { RegionTable } from './RegionTable.tsx';
import { LEAST, WHOLE, around, panned, showing, sizeOf, spanAt, zoomed } from './span.ts';
import { keyOf, worthShowing, type MapState } from './state.ts';
import { useStrip } from './useStrip.ts';
import { NEAR, edges, reach, selectedIn, useFollowing, wholeOf } from './view.ts';
import { regionTable, regionText } from './words.ts';
import { ZoomStrip } from './ZoomStrip.tsx';
import './map.css';

/** Devices that are asked for. */
const MOST = 4096;
/** Room beside the strips for names on the left and faults on the right, px. */
const NAMES = 136;
const FAULTS = 64;

type Way = 'next' | 'previous';

/** Regions of every device's address space, from all of it down to a page. */
export function MapPanel(): ReactNode {
  const workbench = useWorkbench();
  const { engine, map, notices, selection, session, menu, dock } = workbench;
  const state = useStore(map);
  const units = useStore(session.info, (info) => info?.units);
  const faults = useStore(session.info, (info) => info?.counts.faults);
  const body = useRef<HTMLDivElement>(null);
  const width = Math.max(0, useWidth(body) - NAMES - FAULTS);
  const set = (change: Partial<MapState>): void => map.set((old) => ({ ...old, ...change }));

  const open = (units?.length ?? 0) > 0;
  const unit = state.unit === '' ? undefined : state.unit;
  const list = useStoppable('map.strips', open ? { unit, from: 0, to: MOST } : undefined);
  const { retry } = list;
  const counted = useRef(faults);
  useEffect(() => {
    // New faults are pins; the tables are the same.
    if (counted.current !== faults) retry();
    counted.current = faults;
  }, [faults, retry]);
  const every = list.value?.strips ?? NOTHING;
  const strips = useMemo(
    () => (state.all ? every : every.filter(worthShowing)),
    [every, state.all],
  );
  const last = list.value?.last;
  const wide = useMemo(() => reach(state.reach, last), [state.reach, last]);
  const physical = useCall(
    'map.physical',
    list.value && width > 0
      ? { unit, from: hex(wide.from), to: hex(wide.to), pixels: Math.min(4096, width) }
      : undefined,
  ).value;

  const place = Math.max(
    0,
    strips.findIndex((strip) => keyOf(strip) === state.device),
  );
  const strip = strips.at(place);
  const span = state.span ?? (strip && wholeOf(strip, wide));
  const data = useStrip(strip, span, width);
  const region = selectedIn(data.regions, state.region);

  const [hover] = useState(() => createStore<Hover | undefined>(undefined));

  useFollowing(strips, span, set);

  const choose = (index: number): void => {
    const next = strips[index];
    if (!next || (index === place && state.device !== undefined)) return;
    set({ device: keyOf(next), span: undefined, region: undefined, mark: undefined });
    selection.publish({ unit: next.unit, bdf: next.bdf, pasid: next.pasid, from: 'map' });
  };
  const requestOf = (next: MapRegion): Request | undefined => {
    if (!strip) return undefined;
    const access = next.rights === 'w' ? 'write' : 'read';
    return { unit: strip.unit, bdf: strip.bdf, pasid: strip.pasid, iova: next.from, access };
  };
  const pick = (next: MapRegion): void => {
    const request = requestOf(next);
    if (!strip || !request) return;
    set({ device: keyOf(strip), region: next.from, mark: undefined });
    // Keys go on from region to region faster than walks are answered: the last one counts.
    const current = (): boolean => map.get().region === next.from;
    attempt(workbench, selectLeaf(workbench, request, 'map', current));
  };
  const leaf = (next: MapRegion, beside = false): void => {
    const request = requestOf(next);
    if (request)
      attempt(workbench, openLeaf(workbench, request, { from: 'map', focus: true, beside }));
  };
  const openMenu = (next: MapRegion, at: { readonly x: number; readonly y: number }): void => {
    pick(next);
    menu.set({
      label: 'Region',
      at,
      items: [
        { title: 'Show its entry in Tables', run: () => leaf(next) },
        {
          title: 'Zoom to it',
          keys: keysOf('map.zoom'),
          run: () => set({ span: around(edges(next)) }),
        },
        ...selectionItems(workbench),
      ],
    });
  };
  const pickFault = (of: StripItem, pin: MapPin, how: Partial<MapState> = {}): void => {
    const mark = { at: pin.from, text: pinText(pin), tone: 'error' } as const;
    set({ device: keyOf(of), region: undefined, mark, ...how });
    selection.publish({
      fault: pin.fault,
      unit: of.unit,
      bdf: of.bdf,
      pasid: of.pasid,
      iova: pin.from,
      access: pin.accesses.at(0),
      from: 'map',
    });
  };
  /** The region before or behind the selected one, in view or not. */
  const stepRegion = (way: Way): void => {
    if (!strip || !span) return;
    const at = region && data.regions[data.regions.indexOf(region) + (way === 'next' ? 1 : -1)];
    if (at) return pick(at);
    if (state.region === undefined && data.regions.length > 0)
      return pick(way === 'next' ? data.regions[0] : data.regions.at(-1)!);
    // At the edge of what shows: the engine knows what comes behind it.
    const last = region && (way === 'next' ? region.to : region.from);
    const edge = last ?? state.region ?? hex(way === 'next' ? span.to : span.from);
    const { unit: of, bdf, pasid } = strip;
    attempt(
      workbench,
      engine.call('map.step', { unit: of, bdf, pasid, way, what: 'region', at: edge }),
      ({ found }) => {
        if (found?.kind !== 'region') return;
        set({ span: showing(span, edges(found.region)) });
        pick(found.region);
      },
    );
  };
  /** The faults, the span or the shared page before or behind what is selected, on any device. */
  const stepMark = async (way: Way): Promise<void> => {
    if (!strip || !span) return;
    const by = way === 'next' ? 1 : -1;
    for (let index = place; index >= 0 && index < strips.length; index += by) {
      const of = strips[index];
      if (of.faults === 0 && of.unreadable === 0 && !of.shared) continue;
      const here = index === place;
      const at = here ? (state.mark?.at ?? state.region) : undefined;
      const { unit: ofUnit, bdf, pasid } = of;
      const step = { unit: ofUnit, bdf, pasid, way, what: 'mark', at } as const;
      const { found } = await engine.call('map.step', step);
      if (!found) continue;
      const range =
        found.kind === 'fault' ? found.pin : found.kind === 'region' ? found.region : found;
      const near = { from: BigInt(range.from), to: BigInt(range.to) };
      const next = here ? showing(span, near) : spanAt(near.from - NEAR, 2n * NEAR);
      if (found.kind === 'fault') return pickFault(of, found.pin, { span: next });
      set({
        device: keyOf(of),
        span: next,
        region: found.kind === 'region' ? range.from : undefined,
        mark:
          found.kind === 'region'
            ? undefined
            : { at: range.from, text: gapText(found), tone: 'muted' },
      });
      selection.publish({ unit: of.unit, bdf, pasid, iova: range.from, from: 'map' });
      return;
    }
  };
  const onKey = (stroke: string): boolean => {
    if (!strip || !span) return false;
    const zoom = (way: 'in' | 'out'): void => {
      const anchor = region ? Number(BigInt(region.from) - span.from) / Number(sizeOf(span)) : 0.5;
      const near = zoomed(span, way, anchor >= 0 && anchor <= 1 ? anchor : 0.5);
      if (!region) return set({ span: near });
      // Whole pages are shown: the selected region's first one stays in view.
      const first = BigInt(region.from);
      set({ span: showing(near, { from: first, to: first + LEAST - 1n }) });
    };
    const ends = (first: boolean): void => {
      const address = first ? strip.first : strip.last;
      if (address === undefined) return;
      const size = sizeOf(span);
      const to = first ? BigInt(address) : BigInt(address) - size + 1n;
      set({ span: spanAt(to, size) });
    };
    const work: Readonly<Record<string, (() => void) | undefined>> = {
      Right: () => stepRegion('next'),
      Left: () => stepRegion('previous'),
      Down: () => choose(Math.min(strips.length - 1, place + 1)),
      Up: () => choose(Math.max(0, place - 1)),
      Home: () => ends(true),
      End: () => ends(false),
      '+': () => zoom('in'),
      W: () => zoom('in'),
      '-': () => zoom('out'),
      S: () => zoom('out'),
      A: () => set({ span: panned(span, -0.5) }),
      D: () => set({ span: panned(span, 0.5) }),
      Z: () => region && set({ span: around(edges(region)) }),
      'Shift+Z': () => set({ span: WHOLE }),
      Enter: () => region && leaf(region),
      'Shift+Enter': () => region && leaf(region, true),
    };
    const found = work[stroke];
    found?.();
    return found !== undefined;
  };
  const drawn = (): Promise<string> =>
    mapPicture(engine, token, {
      strips,
      overview: wide,
      physical: physical?.regions ?? [],
      zoom: strip && span ? { strip, span, data, selected: region } : undefined,
    });
  const picture = (): void => attempt(workbench, drawn(), (svg) => void copyText(svg, notices));
  const steps = useRef({ stepMark, choose, place, count: strips.length });
  useEffect(() => {
    steps.current = { stepMark, choose, place, count: strips.length };
  });
  const own = useMemo(() => {
    const device = (by: 1 | -1) => (): void => {
      const { choose: to, place: at, count } = steps.current;
      to(Math.max(0, Math.min(count - 1, at + by)));
    };
    return {
      'copy.value': region && (() => void copyText(region.from, notices)),
      'fault.next': () => attempt(workbench, steps.current.stepMark('next')),
      'fault.previous': () => attempt(workbench, steps.current.stepMark('previous')),
      'device.next': device(1),
      'device.previous': device(-1),
    };
  }, [region, notices, workbench]);
  const incomplete = list.value?.incomplete ?? NO_TEXT;

  return (
    <Panel
      loading={list.state === 'loading'}
      failure={list.failure}
      retry={list.retry}
      actions={own}
      table={
        strip && {
          name: 'Address map',
          forms: () => (region ? [{ title: 'Region', text: regionText(region) }] : []),
          read: () => regionTable(strip, data.regions),
          picture: drawn,
        }
      }
      partial={
        incomplete.length > 0 ? (
          <span title={incomplete.join('\n')}>
            {formatCount(incomplete.length)}{' '}
            {incomplete.length === 1 ? 'table page' : 'table pages'} could not be read: what they
            map is hatched. {incomplete[0]}
          </span>
        ) : undefined
      }
      bar={
        open && (
          <MapBar
            state={state}
            shown={strips.length}
            total={list.value?.total ?? 0}
            units={units ?? []}
            onChange={set}
            onPicture={picture}
          />
        )
      }
    >
      {!open ? (
        <NoDump text={EMPTY.map} />
      ) : (
        <div className="map" ref={body}>
          <MappingsJob
            waiting={list.state === 'loading' && list.value === undefined}
            stopped={list.stopped}
            onStop={list.stop}
            onContinue={list.resume}
          />
          {list.value && width > 0 && (
            <>
              <PhysicalStrip
                regions={physical?.regions ?? NO_REGION}
                complete={physical?.complete ?? true}
                span={wide}
                width={width}
                onHover={hover.set}
              />
              <DeviceStrips
                strips={strips}
                selected={strips.length > 0 ? place : -1}
                span={wide}
                width={width}
                columns={`${NAMES}px ${width}px ${FAULTS}px`}
                onSelect={choose}
                onAddress={(index, address) => {
                  choose(index);
                  const near = strips[index];
                  if (near) set({ device: keyOf(near), span: spanAt(address - NEAR, 2n * NEAR) });
                }}
                onOpen={(beside) => {
                  if (region) leaf(region, beside);
                }}
                onHover={hover.set}
                onKey={onKey}
              />
              {strip && span && (
                <ZoomStrip
                  strip={strip}
                  span={span}
                  overview={wide}
                  width={width}
                  data={data}
                  selected={region}
                  onPick={pick}
                  onFault={(pin) => {
                    pickFault(strip, pin);
                    dock.open('explain', { focus: false });
                  }}
                  onOpen={leaf}
                  onMenu={openMenu}
                  onZoom={(way, at) => set({ span: zoomed(span, way, at) })}
                  onPan={(part) => set({ span: panned(span, part) })}
                  onHover={hover.set}
                  onKey={onKey}
                />
              )}
              <MapReadout
                hover={hover}
                strip={strip}
                data={data}
                region={region}
                mark={state.mark}
              />
              <MapLegend />
              {state.table && (
                <RegionTable
                  regions={data.regions}
                  selected={region ? data.regions.indexOf(region) : -1}
                  onSelect={pick}
                  onOpen={leaf}
                  onMenu={openMenu}
                />
              )}
            </>
          )}
        </div>
      )}
    </Panel>
  );
}

const NOTHING: readonly StripItem[] = [];
const NO_REGION: readonly never[] = [];
const NO_TEXT: readonly string[] = [];
