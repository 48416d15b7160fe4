import { age, bytes, count, duration, percent, rate } from '../format.js';
import { legible, whole } from '../names.js';
import { hrefTo } from '../router.js';
import { instances, overview, pictureTime } from '../store.js';
import { StateMark } from './instances.js';

/** One watched process. */
export function InstancePage({ id }: { readonly id: string }) {
  const instance = instances.value.find((each) => each.id === id);
  if (instance === undefined) {
    return (
      <p class="panel empty">
        {overview.value === null ? 'Loading.' : 'This instance is not known to this collector (any more).'}
      </p>
    );
  }
  const { loop } = instance;
  const figures: readonly (readonly [string, string, string])[] = [
    ['Utilization', percent(loop.utilization), 'of its loop'],
    ['Loop delay p99', duration(loop.delayP99Ms), `p50 ${duration(loop.delayP50Ms)}, max ${duration(loop.delayMaxMs)}`],
    ['Active', count(instance.active), 'requests'],
    ['Traffic', rate(instance.requestsPerSecond), 'requests/s'],
    ['Memory', bytes(instance.rssBytes), `heap ${bytes(instance.heapUsedBytes)}`],
    ['Dropped', count(instance.dropped), 'not kept or sent'],
  ];
  const facts: readonly (readonly [string, string])[] = [
    ['Service', `${instance.service} ${instance.serviceVersion}`],
    ['Host', instance.host],
    ['Process', `${instance.pid}, ${instance.role}`],
    ['Node.js', instance.nodeVersion],
    ['Last report', age(instance.lastSeen, pictureTime.value)],
    ['Instance id', instance.id],
  ];
  return (
    <>
      <nav class="crumbs" aria-label="Where this is">
        <a href={hrefTo(['instances'])}>Instances</a>
      </nav>
      <section class="panel" aria-labelledby="instance-title">
        <div class="page-title">
          <h2 id="instance-title">
            <bdi>{legible(instance.service)}</bdi> <span class="mono">{instance.pid}</span>
          </h2>
          <StateMark instance={instance} />
        </div>
        <dl class="figures inset">
          {figures.map(([name, value, detail]) => (
            <div class="figure-cell" key={name}>
              <dt>{name}</dt>
              <dd>
                <b>{value}</b>
                <small>{detail}</small>
              </dd>
            </div>
          ))}
        </dl>
        <dl class="facts">
          {facts.map(([name, value]) => (
            <div key={name}>
              <dt>{name}</dt>
              <dd>
                <bdi>{whole(value)}</bdi>
              </dd>
            </div>
          ))}
        </dl>
      </section>
    </>
  );
}
