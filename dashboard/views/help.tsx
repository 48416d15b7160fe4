import { useSignal } from '@preact/signals';
import { closeDialog } from '../dialogs.js';
import { KEYS } from '../keyboard.js';
import { legible } from '../names.js';
import { readSnapshot, saveSnapshot } from '../snapshot-file.js';
import { overview } from '../store.js';
import { Modal } from './modal.js';

const WORDS = [
  [
    'Held',
    'The event loop ran one piece of work without a break, at or above the threshold (50 ms by default). Nobody else moved.',
  ],
  ['Busy', 'Time a request itself used the loop.'],
  ['Waited, delayed', 'Time a request stood still because another one held the loop.'],
  ['Sync-only', 'A call that holds the loop by contract, such as fs.readFileSync.'],
  ['Cold', 'First-time work: module loading, first use. Kept apart, because it does not come back.'],
  ['Silent, gone', 'No report for 5 s; none for 30 s, or it said goodbye.'],
] as const;

export function Help() {
  const failure = useSignal('');
  return (
    <Modal label="Help">
      <div class="modal-head">
        <h2>Help</h2>
        <button type="button" class="button" onClick={closeDialog}>
          Close
        </button>
      </div>
      <div class="help-columns">
        <section aria-labelledby="keys-title">
          <h3 id="keys-title">Keys</h3>
          <dl class="keys">
            {KEYS.map(([keys, does]) => (
              <div key={keys}>
                <dt>
                  {keys.split(/\s+/).map((key) => (
                    <kbd key={key}>{key}</kbd>
                  ))}
                </dt>
                <dd>{does}</dd>
              </div>
            ))}
          </dl>
        </section>
        <section aria-labelledby="words-title">
          <h3 id="words-title">Words</h3>
          <dl class="words">
            {WORDS.map(([word, means]) => (
              <div key={word}>
                <dt>{word}</dt>
                <dd>{means}</dd>
              </div>
            ))}
          </dl>
        </section>
      </div>
      <div class="modal-foot">
        <button type="button" class="button" onClick={saveSnapshot}>
          Save what is shown as a file
        </button>
        <label class="button file">
          Open such a file
          <input
            type="file"
            accept="application/json"
            onChange={async (event) => {
              const file = event.currentTarget.files?.[0];
              if (file === undefined) return;
              if (await readSnapshot(file)) closeDialog();
              else failure.value = `“${legible(file.name, 60)}” is no snapshot of Holdup.`;
            }}
          />
        </label>
        <span class="warn" role="status">
          {failure.value}
        </span>
        <span class="hint">Collector {overview.value?.collector.version ?? ''}</span>
      </div>
    </Modal>
  );
}
