// One worker process. The workers share the port; the cluster's first process hands them connections in turn.
import { createShop } from './app.js';
import { host, preferredPort } from './settings.js';

createShop().listen(preferredPort, host, (error) => {
  if (error) throw error;
});

// A Ctrl-C reaches every process of a terminal; here the first process decides when its workers end.
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => {});
