import { createRequire } from 'node:module';

/** The version of the package this file is published in. */
export const VERSION: string = createRequire(import.meta.url)('../../package.json').version;
