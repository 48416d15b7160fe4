import type { ComponentChildren } from 'preact';
import { count, duration, percent, rate } from '../format.js';
import { overview } from '../store.js';

/** A name, a figure with its unit, and what else must be known to read it. `held` marks time in which nobody moved. */
export type Figure = readonly [name: string, value: ComponentChildren, detail: string, held?: boolean];

/** Figures in one line, as many as there is room for. `inset`: as the lower part of a panel. */
export function Figures({ of, inset = false }: { readonly of: readonly Figure[]; readonly inset?: boolean }) {
  return (
    <dl class={inset ? 'figures inset' : 'figures'}>
      {of.map(([name, value, detail, held = false]) => (
        <div class={held ? 'figure-cell held' : 'figure-cell'} key={name}>
          <dt>{name}</dt>
          <dd>
            <b>{value}</b>
            {/* A figure and its unit stay on one line. */}
            <small>{detail.replace(/(\d) (?=m?s\b)/g, '$1\u00a0')}</small>
          </dd>
        </div>
      ))}
    </dl>
  );
}

/** The fleet in one line of figures. */
export function FleetFigures() {
  const current = overview.value;
  if (current === null) return null;
  const { loop } = current;
  const held = loop.blockedShare > 0;
  return (
    <Figures
      of={[
        ['Active now', count(current.active), 'requests'],
        ['Traffic', rate(current.requestsPerSecond), 'requests/s'],
        [
          'Loop delay p99',
          duration(loop.delayP99Ms),
          `p50 ${duration(loop.delayP50Ms)}, max ${duration(loop.delayMaxMs)}`,
        ],
        ['Utilization', percent(loop.utilization), 'mean over instances'],
        [
          'Loop held',
          percent(loop.blockedShare),
          held ? `${percent(loop.coverage)} given to a view` : 'of the last minute',
          held,
        ],
        ['Cost of Holdup', percent(current.observer.busyShare), 'of each loop'],
      ]}
    />
  );
}
