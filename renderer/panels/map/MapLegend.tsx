import type { ReactNode } from 'react';
import { Access } from '../../ui/Access.tsx';

/** What the signs mean. */
export function MapLegend(): ReactNode {
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
