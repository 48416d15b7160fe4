import type { TimelinePoint } from '../../protocol/index.js';
import { incidentHref } from '../addresses.js';
import { clock, count, dateTime, duration, percent } from '../format.js';
import { legible } from '../names.js';

/** A screen of rows; more would be slow to read and to draw. */
const MOST_ROWS = 120;

/** The chart's figures in words, newest first. */
export function ConcurrencyTable({
  points,
  stepMs,
  from,
  to,
}: {
  readonly points: readonly TimelinePoint[];
  /** What one point covers. */
  readonly stepMs: number;
  readonly from: number;
  readonly to: number;
}) {
  const rows = points
    .filter((point) => point.at >= from && point.at <= to)
    .reverse()
    .slice(0, MOST_ROWS);
  return (
    <div
      class="scroll tall"
      role="region"
      aria-label={
        stepMs === 1_000
          ? 'Concurrency, second by second'
          : `Concurrency, ${stepMs < 60_000 ? `${stepMs / 1_000} s` : duration(stepMs)} a row`
      }
      tabIndex={0}
    >
      <table>
        <thead>
          <tr>
            <th scope="col">Time</th>
            <th scope="col" class="number">
              Active
            </th>
            <th scope="col">Busiest views</th>
            <th scope="col" class="number">
              Delay p50
            </th>
            <th scope="col" class="number">
              p99
            </th>
            <th scope="col" class="number">
              Max
            </th>
            <th scope="col" class="number">
              Utilization
            </th>
            <th scope="col">Loop held</th>
          </tr>
        </thead>
        <tbody>
          {rows.map((point) => (
            <tr key={point.at}>
              <th scope="row" class="number">
                {stepMs < 60_000 ? clock(point.at) : dateTime(point.at)}
              </th>
              <td class="number">{count(Object.values(point.active).reduce((sum, each) => sum + each, 0))}</td>
              <td class="mono wrap">{busiest(point)}</td>
              <td class="number">{duration(point.delayP50Ms)}</td>
              <td class="number">{duration(point.delayP99Ms)}</td>
              <td class="number">{duration(point.delayMaxMs)}</td>
              <td class="number">{percent(point.utilization)}</td>
              <td class="wrap">
                {point.blocks.slice(0, 3).map((block, index) => (
                  <a class="held" key={block.at} href={incidentHref(block)}>
                    {index > 0 && ', '}
                    {duration(block.durationMs)} by {legible(block.view, 60)}
                  </a>
                ))}
                {point.blocks.length > 3 && ` and ${point.blocks.length - 3} more`}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function busiest(point: TimelinePoint): string {
  return Object.entries(point.active)
    .filter(([, active]) => active > 0)
    .sort(([, a], [, b]) => b - a)
    .slice(0, 3)
    .map(([name, active]) => `${legible(name, 60)} ${active}`)
    .join(', ');
}
