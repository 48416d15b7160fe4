import { fileURLToPath } from 'node:url';

const built = (file) => fileURLToPath(new URL(`../dist/middleware/${file}.js`, import.meta.url));

/**
 * What a watched process loads, as a few files instead of a hundred small modules: that is most of what starting costs.
 * One build for all entries, so that they share their state.
 */
export default {
  input: {
    index: built('index'),
    express: built('adapters/express'),
    register: built('register'),
    testing: built('testing'),
    thread: built('watchdog/thread'),
    'sync-worker': built('sync-to-async/worker'),
  },
  platform: 'node',
  external: [/^node:/, 'piscina'],
  output: {
    dir: fileURLToPath(new URL('../dist/agent', import.meta.url)),
    cleanDir: true,
    chunkFileNames: '[name].js',
  },
};
