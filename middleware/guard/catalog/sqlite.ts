import { nodeEntries } from './entry.js';

const ON_A_THREAD = "await syncToAsync(new URL('./database.js', import.meta.url), 'query')(sql) // on a worker thread";

/** `node:sqlite`, which has no asynchronous form. Hooked once the app has loaded it. */
export const SQLITE_OPERATIONS = nodeEntries('node:sqlite', 'database', [
  ['DatabaseSync.prototype.open', '', 'open it at start-up', '22.5.0'],
  ['DatabaseSync.prototype.exec', 'sql', ON_A_THREAD, '22.5.0'],
  ['DatabaseSync.prototype.applyChangeset', 'changeset[, options]', ON_A_THREAD, '22.12.0'],
  ['DatabaseSync.prototype.loadExtension', 'path', 'load it at start-up', '22.13.0'],
  ['DatabaseSync.prototype.serialize', '[dbName]', 'await sqlite.backup(database, path)', '24.16.0'],
  ['DatabaseSync.prototype.deserialize', 'buffer[, options]', ON_A_THREAD, '24.16.0'],
  ['StatementSync.prototype.all', '[namedParameters][, ...anonymousParameters]', ON_A_THREAD, '22.5.0'],
  ['StatementSync.prototype.get', '[namedParameters][, ...anonymousParameters]', ON_A_THREAD, '22.5.0'],
  ['StatementSync.prototype.iterate', '[namedParameters][, ...anonymousParameters]', ON_A_THREAD, '22.13.0'],
  ['StatementSync.prototype.run', '[namedParameters][, ...anonymousParameters]', ON_A_THREAD, '22.5.0'],
  ['SQLTagStore.prototype.all', 'stringElements[, ...boundParameters]', ON_A_THREAD, '24.9.0'],
  ['SQLTagStore.prototype.get', 'stringElements[, ...boundParameters]', ON_A_THREAD, '24.9.0'],
  ['SQLTagStore.prototype.iterate', 'stringElements[, ...boundParameters]', ON_A_THREAD, '24.9.0'],
  ['SQLTagStore.prototype.run', 'stringElements[, ...boundParameters]', ON_A_THREAD, '24.9.0'],
]);
