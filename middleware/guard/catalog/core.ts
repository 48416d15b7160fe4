import { type CatalogRow, nodeEntries } from './entry.js';

export const CHILD_PROCESS_OPERATIONS = nodeEntries('child_process', 'process', [
  ['execFileSync', 'file[, args][, options]', 'await promisify(child_process.execFile)(file, args)'],
  ['execSync', 'command[, options]', 'await promisify(child_process.exec)(command)'],
  [
    'spawnSync',
    'command[, args][, options]',
    "const child = child_process.spawn(command, args); await once(child, 'close')",
  ],
]);

export const CRYPTO_OPERATIONS = nodeEntries('crypto', 'crypto', [
  ['argon2Sync', 'algorithm, parameters', 'await promisify(crypto.argon2)(algorithm, parameters)', '24.7.0'],
  ['checkPrimeSync', 'candidate[, options]', 'await promisify(crypto.checkPrime)(candidate)'],
  ['generateKeyPairSync', 'type, options', 'await promisify(crypto.generateKeyPair)(type, options)'],
  ['generateKeySync', 'type, options', 'await promisify(crypto.generateKey)(type, options)'],
  ['generatePrimeSync', 'size[, options]', 'await promisify(crypto.generatePrime)(size)'],
  ['hkdfSync', 'digest, ikm, salt, info, keylen', 'await promisify(crypto.hkdf)(digest, ikm, salt, info, keylen)'],
  [
    'pbkdf2Sync',
    'password, salt, iterations, keylen, digest',
    'await promisify(crypto.pbkdf2)(password, salt, iterations, keylen, digest)',
  ],
  ['randomFillSync', 'buffer[, offset][, size]', 'await promisify(crypto.randomFill)(buffer)'],
  ['scryptSync', 'password, salt, keylen[, options]', 'await promisify(crypto.scrypt)(password, salt, keylen)'],
]);

export const ZLIB_OPERATIONS = nodeEntries('zlib', 'compression', [
  ...(
    [
      'brotliCompress',
      'brotliDecompress',
      'deflate',
      'deflateRaw',
      'gunzip',
      'gzip',
      'inflate',
      'inflateRaw',
      'unzip',
    ] as const
  ).map((name): CatalogRow => [`${name}Sync`, 'buffer[, options]', `await promisify(zlib.${name})(buffer)`]),
  ['zstdCompressSync', 'buffer[, options]', 'await promisify(zlib.zstdCompress)(buffer)', '22.15.0'],
  ['zstdDecompressSync', 'buffer[, options]', 'await promisify(zlib.zstdDecompress)(buffer)', '22.15.0'],
  [
    'createZipArchiveSync',
    'entries[, options]',
    'await pipeline(zlib.createZipArchive(entries), destination)',
    '26.0.0',
  ],
]);
