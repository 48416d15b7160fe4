// What the harness knows of the app's views without loading them: each blocks in this function.
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
  }).map(([name, fn]) => [name, { function: fn }]),
);
export const viewNames = () => [...VIEWS_FILE.keys()];
