import { parentPort, workerData } from 'node:worker_threads';
import { Arming } from './arming.js';
import { CollectorLink } from './collector-link.js';
import { Exporter } from './exporter.js';
import { IncidentBuilder } from './incident-builder.js';
import { IncidentOutbox } from './incident-outbox.js';
import type { FromWatchdog, ToWatchdog, WatchdogStart } from './messages.js';
import { Redaction } from './redaction.js';
import { Reporter } from './reporter.js';
import { SharedState } from './shared.js';
import { StackCapture } from './stack-capture.js';
import { StackResolver } from './stack-resolver.js';
import { StallDetector } from './stall-detector.js';
import { StallWatch } from './stall-watch.js';
import { Starvation } from './starvation.js';

/** A stop sends what is left for at most this long. */
const FLUSH_MS = 1000;

/** The watchdog thread: everything slow, and everything that must go on while the main thread's loop is held. */
function watch(start: WatchdogStart, say: (message: FromWatchdog) => void, end: () => void): (m: ToWatchdog) => void {
  const warn = (text: string): void => say({ type: 'warning', text });
  const sends = start.destination.type !== 'none';
  const remote = start.destination.type === 'remote' ? start.destination : null;
  const shared = new SharedState(start.buffer);
  const exporter = new Exporter({
    token: start.token,
    headers: remote?.headers ?? {},
    // On this machine bytes cost less than packing them.
    compress: remote?.compress ?? remote !== null,
    timeoutMs: remote?.timeoutMs ?? 10_000,
    onDropped: (contents) => reporter.countDropped(contents),
    onUnreachable: () => link.lost(),
    warn,
  });
  const reporter = new Reporter(start.instance, exporter, new Redaction(start.redact), Date.now());
  const link = new CollectorLink({
    destination: start.destination,
    onTarget: (url) => {
      exporter.target = url;
    },
    onFound: say,
    warn,
  });
  const outbox = new IncidentOutbox(
    (incidents) => reporter.incidents(incidents),
    (contents) => reporter.countDropped(contents),
  );
  const builder = new IncidentBuilder(new StackResolver(start.codeFrames), start.blockThresholdMs);
  const starvation = new Starvation(process.pid);
  const capture = new StackCapture(start.captureStacks, shared, warn);
  const arming = new Arming(shared);
  const stalls = new StallWatch({
    shared,
    capture,
    builder,
    starvation,
    arming,
    blockThresholdMs: start.blockThresholdMs,
    onBlocked: (blocked) => sends && reporter.blocked(blocked),
    onIncident: (incident) => sends && outbox.add(incident),
  });
  const detector = new StallDetector({
    shared,
    starvation,
    blockThresholdMs: start.blockThresholdMs,
    listener: stalls,
  });
  link.start();

  let stopping = false;
  const stop = async (): Promise<void> => {
    stopping = true;
    detector.stop();
    capture.stop();
    arming.stop();
    starvation.stop();
    outbox.flush();
    if (sends) reporter.goodbye();
    await exporter.flush(FLUSH_MS);
    link.stop();
    say({ type: 'stopped' });
    end();
  };

  return (message) => {
    shared.tookMessage();
    // The goodbye was the last word.
    if (stopping) return;
    switch (message.type) {
      case 'view':
        builder.nameView(message.id, message.view);
        break;
      case 'drained':
        if (sends) {
          const loop = stalls.ownBlockedTime(message.report.loop);
          reporter.drained({ ...message.report, loop }, stalls.blockedNow);
        }
        break;
      case 'incidents':
        if (sends) for (const incident of message.incidents) outbox.add(builder.incident(incident));
        break;
      case 'block':
        stalls.blockEnded(message.block);
        break;
      case 'stop':
        void stop();
    }
  };
}

const port = parentPort;
if (port !== null) {
  const onMessage = watch(
    workerData as WatchdogStart,
    (message) => port.postMessage(message),
    () => process.exit(0),
  );
  port.on('message', onMessage);
}
