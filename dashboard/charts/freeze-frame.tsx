import type { SampleDetail, View } from '../../protocol/index.js';
import { duration } from '../format.js';
import { nameOf } from '../names.js';
import { freezeScale, place } from './freeze-scale.js';

/**
 * The moment of one hold: the requests in flight as lanes on one time axis, and the culprit's block across all of them.
 * A lane is drawn up to the end of the block; what became of the request after it is not part of the picture.
 */
export function FreezeFrame({ sample, culprit }: { readonly sample: SampleDetail; readonly culprit: View }) {
  const scale = freezeScale(sample);
  const from = place(0, scale);
  const to = place(sample.durationMs, scale);
  return (
    <div class="freeze" role="table" aria-label="Requests in flight while the loop was held">
      <div class="freeze-band" aria-hidden="true">
        <span />
        <span class="freeze-track">
          <i style={{ left: `${from}%`, width: `${to - from}%` }} />
        </span>
        <span />
      </div>
      <div class="freeze-lane axis" role="row">
        <span role="columnheader">Request</span>
        <span role="columnheader" class="freeze-track" aria-label="Began">
          {scale.ticks.map((tick) => (
            <span class="tick" key={tick} style={{ left: `${place(tick, scale)}%` }}>
              {tick === 0 ? '0' : tick < 0 ? `−${duration(-tick)}` : duration(tick)}
            </span>
          ))}
        </span>
        <span role="columnheader" class="number">
          Waited
        </span>
      </div>
      <div class="freeze-lane culprit" role="row">
        <bdi role="cell" class="mono clip">
          {nameOf(culprit)}
        </bdi>
        <span role="cell" class="freeze-track">
          <i class="hold" style={{ left: `${from}%`, width: `${to - from}%` }}>
            <span>{duration(sample.durationMs)}</span>
          </i>
        </span>
        <span role="cell" class="number">
          held it
        </span>
      </div>
      {sample.delayed.map((request, index) => {
        const start = place(Math.max(request.startOffsetMs, scale.fromMs), scale);
        const wait = place(Math.max(0, sample.durationMs - request.delayedMs), scale);
        const clipped = request.startOffsetMs < scale.fromMs;
        return (
          <div class="freeze-lane" role="row" key={index}>
            <bdi role="cell" class="mono clip" title={nameOf(request)}>
              {nameOf(request)}
            </bdi>
            <span
              role="cell"
              class="freeze-track"
              aria-label={beganWords(request.startOffsetMs)}
              title={beganWords(request.startOffsetMs)}
            >
              <i
                class={clipped ? 'flight clipped' : 'flight'}
                style={{ left: `${start}%`, width: `${Math.max(0, wait - start)}%` }}
              />
              <i class="stalled" style={{ left: `${wait}%`, width: `${Math.max(0.3, to - wait)}%` }} />
            </span>
            <span role="cell" class="number">
              +{duration(request.delayedMs)}
            </span>
          </div>
        );
      })}
    </div>
  );
}

function beganWords(startOffsetMs: number): string {
  if (startOffsetMs < 0) return `began ${duration(-startOffsetMs)} before the hold`;
  return startOffsetMs === 0 ? 'began with the hold' : `began ${duration(startOffsetMs)} into the hold`;
}
