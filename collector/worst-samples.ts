import { LIMITS, type SampleDetail } from '../protocol/index.js';

const OBJECT_BYTES = 100;

/** The worst samples of a group since the collector started, by what others waited, then by how long they held. */
export class WorstSamples {
  #kept: readonly SampleDetail[] = [];
  /** Those that the store does not have yet. */
  #unsaved: readonly SampleDetail[] = [];
  #bytes = 0;

  /** About what they take in memory. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Adds some, of which as many stay as the limit says; less room than usual is a loss to count, and the answer. */
  add(fresh: readonly SampleDetail[], limit: number): number {
    if (fresh.length === 0) return 0;
    const samples = worst([...this.#kept, ...fresh]);
    this.#kept = samples.slice(0, limit);
    this.#bytes = this.#kept.reduce((sum, sample) => sum + bytesOf(sample), 0);
    // While the store fails, they are as many as in memory and no more.
    const kept = fresh.filter((each) => this.#kept.includes(each));
    this.#unsaved = worst([...this.#unsaved, ...kept]).slice(0, limit);
    return Math.max(0, Math.min(samples.length, LIMITS.samplesPerGroup) - limit);
  }

  /** From now on they count as saved. */
  takeUnsaved(): readonly SampleDetail[] {
    const unsaved = this.#unsaved;
    this.#unsaved = [];
    return unsaved;
  }

  /** Leaves them to the store; answers how many they were. */
  forget(): number {
    const forgotten = this.#kept.length;
    this.#kept = [];
    this.#unsaved = [];
    this.#bytes = 0;
    return forgotten;
  }

  /** Together with those that the store has; what was saved is in both. */
  with(stored: readonly SampleDetail[]): readonly SampleDetail[] {
    const byPlace = new Map<string, SampleDetail>();
    for (const sample of [...this.#kept, ...stored]) {
      byPlace.set(`${sample.instance} ${sample.at} ${sample.durationMs} ${delayedMsOf(sample)}`, sample);
    }
    return worst([...byPlace.values()]).slice(0, LIMITS.samplesPerGroup);
  }
}

/** Most delayed time first, then the longest. */
function worst(samples: SampleDetail[]): SampleDetail[] {
  return samples.sort((a, b) => delayedMsOf(b) - delayedMsOf(a) || b.durationMs - a.durationMs || b.at - a.at);
}

function delayedMsOf(sample: SampleDetail): number {
  return sample.delayed.reduce((sum, each) => sum + each.delayedMs, 0);
}

/** Texts, and about what the objects around them take. */
function bytesOf({ stack, delayed, note = '' }: SampleDetail): number {
  let bytes = OBJECT_BYTES + note.length;
  for (const frame of stack) bytes += OBJECT_BYTES + frame.function.length + frame.file.length;
  for (const each of delayed) bytes += OBJECT_BYTES + each.route.length;
  return bytes;
}
