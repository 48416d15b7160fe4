import { createReadStream, readFileSync } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { catalogueFile } from '../settings.js';

/** The mistake, twice: the file is read synchronously, and then several megabytes become one text in one go. */
export async function exportCatalogue(_request, response) {
  const catalogue = JSON.parse(readFileSync(catalogueFile, 'utf8'));
  response.type('json').send(JSON.stringify({ exportedAt: new Date(), books: catalogue }));
}

/** The same answer in pieces: between two of them everybody else has their turn. */
export async function exportCatalogueRepaired(_request, response) {
  response.type('json').write(`{"exportedAt":${JSON.stringify(new Date())},"books":`);
  try {
    await pipeline(createReadStream(catalogueFile), response, { end: false });
    response.end('}');
  } catch (error) {
    if (error.code !== 'ERR_STREAM_PREMATURE_CLOSE') throw error;
    // The customer left in the middle of it. That is no mistake of ours.
  }
}
