import { count, duration, percent, rate } from '../format.js';
import { overview } from '../store.js';

/** The fleet in one line of figures. */
export function Figures() {
  const current = overview.value;
  if (current === null) return null;
  const { loop } = current;
  return (
    <dl class="figures">
      <Figure name="Active now" value={count(current.active)} unit="requests" />
      <Figure name="Traffic" value={rate(current.requestsPerSecond)} unit="requests/s" />
      <Figure
        name="Loop delay p99"
        {...split(duration(loop.delayP99Ms))}
        detail={`p50 ${duration(loop.delayP50Ms)}, max ${duration(loop.delayMaxMs)}`}
      />
      <Figure name="Utilization" {...split(percent(loop.utilization))} detail="mean over instances" />
      <Figure
        name="Loop held"
        {...split(percent(loop.blockedShare))}
        detail={loop.blockedShare > 0 ? `${percent(loop.coverage)} given to a view` : 'of the last minute'}
        held={loop.blockedShare > 0}
      />
      <Figure name="Cost of Holdup" {...split(percent(current.observer.busyShare))} detail="of each loop" />
    </dl>
  );
}

function split(text: string): { value: string; unit: string } {
  const at = text.lastIndexOf(' ');
  return { value: text.slice(0, at), unit: text.slice(at + 1) };
}

function Figure({
  name,
  value,
  unit,
  detail,
  held = false,
}: {
  readonly name: string;
  readonly value: string;
  readonly unit: string;
  readonly detail?: string;
  readonly held?: boolean;
}) {
  return (
    <div class={held ? 'figure-cell held' : 'figure-cell'}>
      <dt>{name}</dt>
      <dd>
        <b>{value}</b> <span>{unit}</span>
        {detail !== undefined && <small>{detail}</small>}
      </dd>
    </div>
  );
}
