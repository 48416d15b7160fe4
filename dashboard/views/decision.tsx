import { type Signal, useSignal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import type { IncidentDecision, IncidentDetail, IncidentState } from '../../protocol/index.js';
import { incidentUrl } from '../addresses.js';
import type { Detail } from '../detail.js';
import { dateTime } from '../format.js';
import { legible, whole } from '../names.js';
import { openedFile } from '../store.js';
import { Age } from './age.js';

const REASON_LENGTH = 1_000;

/** The two things there are to decide about an open incident. */
export function DecisionButtons({ asked }: { readonly asked: Signal<IncidentState | null> }) {
  return (
    <>
      <button type="button" class="button" onClick={() => (asked.value = 'resolved')}>
        Resolve
      </button>
      <button type="button" class="button" onClick={() => (asked.value = 'ignored')}>
        Ignore
      </button>
    </>
  );
}

/** What somebody decided about the incident, why, and how to take it back; or the reason that is asked for. */
export function Decision({
  incident,
  detail,
  asked,
}: {
  readonly incident: IncidentDetail;
  readonly detail: Signal<Detail>;
  readonly asked: Signal<IncidentState | null>;
}) {
  const failure = useSignal('');
  const decide = async (state: IncidentState, reason: string): Promise<void> => {
    failure.value = '';
    const result = await put(incident, { state, reason });
    if (typeof result === 'string') failure.value = result;
    else {
      asked.value = null;
      detail.value = { state: 'ready', incident: result };
    }
  };
  // A file shows what was; nothing can be decided in it.
  const canDecide = openedFile.value === null;
  return (
    <div class="decision">
      <Regressed incident={incident} />
      {incident.state === 'open' ? (
        asked.value !== null && (
          <Reason key={asked.value} state={asked.value} onDecide={decide} onCancel={() => (asked.value = null)} />
        )
      ) : (
        <p class="controls">
          <span>
            <b>{incident.state === 'resolved' ? 'Resolved' : 'Ignored'}</b> <Age at={incident.stateSince} />
            {incident.stateReason !== '' && (
              <>
                : <q>{whole(incident.stateReason)}</q>
              </>
            )}
          </span>
          {canDecide && (
            <button type="button" class="button" onClick={() => decide('open', '')}>
              Open again
            </button>
          )}
        </p>
      )}
      <p class="warn" role="status">
        {failure.value}
      </p>
    </div>
  );
}

function Regressed({ incident }: { readonly incident: IncidentDetail }) {
  const { regression } = incident;
  if (regression === null) return null;
  const version = (name: string) => name !== '' && <bdi class="mono">{legible(name, 40)}</bdi>;
  return (
    <p class="warn">
      It came back <Age at={regression.at} />
      {regression.serviceVersion !== '' && ' in version '}
      {version(regression.serviceVersion)}, after it had been resolved on {dateTime(regression.resolvedAt)}
      {regression.lastVersion !== '' && '; last seen before in '}
      {version(regression.lastVersion)}.
    </p>
  );
}

function Reason({
  state,
  onDecide,
  onCancel,
}: {
  readonly state: IncidentState;
  readonly onDecide: (state: IncidentState, reason: string) => void;
  readonly onCancel: () => void;
}) {
  const input = useRef<HTMLInputElement>(null);
  useEffect(() => input.current?.focus(), []);
  const ignores = state === 'ignored';
  return (
    <form
      class="controls"
      onSubmit={(event) => {
        event.preventDefault();
        onDecide(state, input.current?.value.trim() ?? '');
      }}
      onKeyDown={(event) => {
        if (event.key === 'Escape') onCancel();
      }}
    >
      <input
        ref={input}
        type="text"
        class="reason"
        required={ignores}
        maxLength={REASON_LENGTH}
        aria-label={ignores ? 'Why it is to be ignored' : 'How it was resolved'}
        placeholder={ignores ? 'Why is it to be ignored?' : 'How was it resolved? (optional)'}
      />
      <button type="submit" class="button">
        {ignores ? 'Ignore it' : 'Mark as resolved'}
      </button>
      <button type="button" class="button quiet" onClick={onCancel}>
        Cancel
      </button>
    </form>
  );
}

/** The incident as it is then, or why nothing was decided. */
async function put(incident: IncidentDetail, decision: IncidentDecision): Promise<IncidentDetail | string> {
  try {
    const response = await fetch(incidentUrl(incident.fingerprint, incident.service, '/state'), {
      method: 'PUT',
      headers: { 'content-type': 'application/json', accept: 'application/json' },
      body: JSON.stringify(decision),
    });
    const answer = await response.json();
    if (response.ok) return answer as IncidentDetail;
    return legible(String(answer.detail ?? `The collector answered ${response.status}.`), 300);
  } catch {
    return 'The collector does not answer.';
  }
}
