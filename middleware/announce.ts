import type { Settings } from './options.js';
import type { FromWatchdog } from './watchdog/messages.js';

/**
 * Tells a person on stderr what they should know: where the dashboard is, what is wrong, once each. Production apps
 * print nothing but warnings.
 */
export function announce(settings: Settings): (message: FromWatchdog) => void {
  const said = new Set<string>();
  const say = (text: string): void => {
    if (said.has(text)) return;
    said.add(text);
    process.stderr.write(`holdup: ${text}\n`);
  };
  return (message) => {
    if (message.type === 'warning') say(message.text);
    else if (message.type === 'collector' && !settings.production && message.how !== 'remote') {
      say(`dashboard at ${message.url}`);
    }
  };
}
