import { ratioText } from './ratio.mjs';

/** The columns in which every table of `compare`'s results says what a request costs. */
export const COST_COLUMNS = ['under', 'CPU µs a request', 'against bare', 'all bursts', 'fastest tenth'];

export function costCells({ name, microsPerRequest, ratio, ratioOfMeans, ratioOfFastest }) {
  return [name, microsPerRequest.toFixed(1), ratioText(ratio), ratioOfMeans.toFixed(3), ratioOfFastest.toFixed(3)];
}
