import type { ReactNode } from 'react';
import { useEffect, useMemo, useRef } from 'react';
import { hex } from '../../../core/format/hex.ts';
import { formatCount } from '../../../core/format/size.ts';
import type { MapRegion, StripItem } from '../../../core/protocol/contract-map.ts';
import { useCall } from '../../engine/useCall.ts';
import { useStoppable } from '../../engine/useStoppable.ts';
import { attempt } from '../../shell/actions.ts';
import type { Request } from '../../shell/go.ts';
import { openLeaf, selectLeaf } from '../../shell/go.ts';
import { selectionItems } from '../../shell/selection-menu.ts';
import { useWorkbench } from '../../state/context.ts';
import { useStore } from '../../state/store.ts';
import { useFollowed } from '../../state/useFollowed.ts';
import { Access } from '../../ui/Access.tsx';
import { copyText } from '../../ui/clipboard.ts';
import { token } from '../../ui/colours.ts';
import { MappingsJob } from '../../ui/MappingsJob.tsx';
import { Empty, Panel } from '../../ui/Panel.tsx';
import { useWidth } from '../../ui/useWidth.ts';
import { EMPTY } from '../../wording.ts';
import { DeviceStrips } from './DeviceStrips.tsx';
import { MapBar } from './MapBar.tsx';
import { mapPicture } from './picture.ts';
import { PhysicalStrip } from './PhysicalStrip.tsx';
import { RegionTable } from './RegionTable.tsx';
import type { Span } from './span.ts';
import { WHOLE, around, overview, panned, sizeOf, spanAt, zoomed } from './span.ts';
import { keyOf, worthShowing, type MapState } from './state.ts';
import { useStrip } from './useStrip.ts';
import { regionTable, regionText } from './words.ts';
import { ZoomStrip } from './ZoomStrip.tsx';
import './map.css';

/** Devices that are asked for. */
const MOST = 4096;
/** Room beside the strips for names on the left and faults on the right, px. */
const NAMES = 118;
const FAULTS = 64;
const FOUR_GIB = (1n << 32n) - 1n;
/** What a place that is followed is shown with around it. */
const NEAR = 128n << 10n;

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
  const region = data.regions.find(({ from }) => from === state.region);

  useFollowing(strips, span, set);

  const choose = (index: number): void => {
    const next = strips[index];
    if (!next || (index === place && state.device !== undefined)) return;
    set({ device: keyOf(next), span: undefined, region: undefined });
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
    set({ device: keyOf(strip), region: next.from });
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
        { title: 'Zoom to it', keys: 'Z', run: () => set({ span: around(edges(next)) }) },
        ...selectionItems(workbench),
      ],
    });
  };
  const go = (to: MapRegion | undefined): void => {
    if (to) pick(to);
  };
  const onKey = (stroke: string): boolean => {
    if (!strip || !span) return false;
    const at = region ? data.regions.indexOf(region) : -1;
    const zoom = (way: 'in' | 'out'): void => {
      const anchor = region ? Number(BigInt(region.from) - span.from) / Number(sizeOf(span)) : 0.5;
      set({ span: zoomed(span, way, anchor >= 0 && anchor <= 1 ? anchor : 0.5) });
    };
    const beyond = (way: 1 | -1): void => set({ span: panned(span, way * 0.8) });
    const ends = (first: boolean): void => {
      const address = first ? strip.first : strip.last;
      if (address === undefined) return;
      const size = sizeOf(span);
      const to = first ? BigInt(address) : BigInt(address) - size + 1n;
      set({ span: spanAt(to, size) });
    };
    const work: Readonly<Record<string, (() => void) | undefined>> = {
      Right: () => (at + 1 < data.regions.length ? go(data.regions[at + 1]) : beyond(1)),
      Left: () => (at > 0 ? go(data.regions[at - 1]) : beyond(-1)),
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
  const picture = (): void => {
    const zoom = strip && span ? { strip, span, data, selected: region } : undefined;
    attempt(
      workbench,
      mapPicture(engine, token, {
        strips,
        overview: wide,
        physical: physical?.regions ?? [],
        zoom,
      }),
      (svg) => void copyText(svg, notices),
    );
  };
  const own = useMemo(
    () => ({
      'copy.value': region && (() => void copyText(region.from, notices)),
    }),
    [region, notices],
  );
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
        <Empty text={EMPTY.map} action="target.open" button="Open a dump…" />
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
                    selection.publish({
                      fault: pin.fault,
                      unit: strip.unit,
                      bdf: strip.bdf,
                      pasid: strip.pasid,
                      iova: pin.from,
                      access: pin.accesses.at(0),
                      from: 'map',
                    });
                    dock.open('explain', { focus: false });
                  }}
                  onOpen={leaf}
                  onMenu={openMenu}
                  onZoom={(way, at) => set({ span: zoomed(span, way, at) })}
                  onPan={(part) => set({ span: panned(span, part) })}
                  onKey={onKey}
                />
              )}
              <Legend />
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

/** What the signs mean. */
function Legend(): ReactNode {
  return (
    <p className="map-legend muted">
      <span>
        <Access kind="read" /> outlined
      </span>
      <span>
        <Access kind="write" /> filled
      </span>
      <span>
        <i className="map-sign hatch is-hatch" /> unreadable
      </span>
      <span>
        <i className="map-sign is-shared" /> also another domain's
      </span>
      <span>
        <i className="map-sign" /> crash kernel
      </span>
      <span>
        <i className="map-sign is-text" /> kernel text
      </span>
      <span>
        <i className="map-sign is-mmio" /> MMIO
      </span>
    </p>
  );
}

const NOTHING: readonly StripItem[] = [];
const NO_REGION: readonly never[] = [];
const NO_TEXT: readonly string[] = [];

const edges = ({ from, to }: MapRegion): Span => ({ from: BigInt(from), to: BigInt(to) });

/** The overview's addresses. */
function reach(how: MapState['reach'], last: string | undefined): Span {
  if (how === 'all') return WHOLE;
  if (how === '4 GiB' || last === undefined) return { from: 0n, to: FOUR_GIB };
  return overview(BigInt(last));
}

/** All that a device maps; the overview's addresses when that is nothing. */
function wholeOf(strip: StripItem, wide: Span): Span {
  if (strip.first === undefined || strip.last === undefined) return wide;
  return around({ from: BigInt(strip.first), to: BigInt(strip.last) });
}

/** The map goes where another panel's selection is. */
function useFollowing(
  strips: readonly StripItem[],
  span: Span | undefined,
  set: (change: Partial<MapState>) => void,
): void {
  const { map } = useWorkbench();
  const followed = useFollowed((each) =>
    each.bdf !== undefined && each.from !== 'map' ? each : undefined,
  );
  const latest = useRef({ span, set });
  useEffect(() => {
    latest.current = { span, set };
  });
  useEffect(() => {
    if (!followed) return;
    const found = strips.find(
      ({ bdf, unit, pasid }) =>
        bdf === followed.bdf &&
        (followed.unit === undefined || unit === followed.unit) &&
        (followed.pasid === undefined || pasid === followed.pasid),
    );
    if (!found) return;
    const here = map.get().device === keyOf(found);
    const shown = here ? latest.current.span : undefined;
    const iova = followed.iova === undefined ? undefined : BigInt(followed.iova);
    const seen = iova === undefined || (shown && iova >= shown.from && iova <= shown.to);
    if (here && seen) return;
    latest.current.set({
      device: keyOf(found),
      region: undefined,
      span: iova === undefined ? undefined : spanAt(iova - NEAR, 2n * NEAR),
    });
  }, [followed, strips, map]);
}
