// What the harness knows of the app's views without loading them: each blocks in this function.
/** These hold the loop without computing. */
const SLEEPING = new Set(['exec', 'wait']);
export const VIEWS_FILE = new Map(
  Object.entries({
    loop: 'countUp',
    'loop-later': 'countLater',
    regex: 'matchName',
    parse: 'readOrders',
    render: 'renderInvoice',
    hash: 'hashPassword',
    exec: 'runConverter',
    stats: 'lookForFiles',
    wait: 'waitForWorker',
    sort: 'sortBooks',
  }).map(([name, fn]) => [name, { function: fn, sleeps: SLEEPING.has(name) }]),
);
export const viewNames = () => [...VIEWS_FILE.keys()];
