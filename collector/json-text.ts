import { COLLECTOR_LIMITS } from './limits.js';
import { HttpProblem } from './problem.js';

const QUOTE = 0x22;
const BACKSLASH = 0x5c;

/**
 * Parses JSON from a stranger. Depth and string lengths are checked on the bytes first, in one pass, so that nothing
 * deep or long is ever built.
 */
export function parseJson(body: Buffer): unknown {
  checkShape(body);
  try {
    return JSON.parse(body.toString('utf8'));
  } catch {
    throw new HttpProblem(400, 'The body is not JSON.');
  }
}

function checkShape(body: Buffer): void {
  let depth = 0;
  for (let i = 0; i < body.length; i++) {
    switch (body[i]) {
      case QUOTE: {
        const start = i;
        for (i++; i < body.length && body[i] !== QUOTE; i++) if (body[i] === BACKSLASH) i++;
        if (i - start > COLLECTOR_LIMITS.jsonStringBytes) {
          throw new HttpProblem(400, `A string is longer than ${COLLECTOR_LIMITS.jsonStringBytes} bytes.`);
        }
        break;
      }
      case 0x5b: // [
      case 0x7b: // {
        if (++depth > COLLECTOR_LIMITS.jsonDepth) {
          throw new HttpProblem(400, `The body nests deeper than ${COLLECTOR_LIMITS.jsonDepth} levels.`);
        }
        break;
      case 0x5d: // ]
      case 0x7d: // }
        depth--;
        break;
    }
  }
}
