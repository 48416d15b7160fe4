import { type CatalogRow, type Gate, nodeEntries } from './entry.js';

const KB = 1024;
const MB = 1024 * KB;
const NO_CALLBACK: Gate = { type: 'no callback' };
/** Below these sizes a call takes well under a millisecond, and a person would call it a false alarm. */
const MUCH_RANDOM: Gate = { type: 'argument', index: 0, bytes: 64 * KB };
const MUCH_DATA: Gate = { type: 'argument', index: 0, bytes: MB };
const MUCH_DATA_SECOND: Gate = { type: 'argument', index: 1, bytes: MB };

/** For work that has no asynchronous form: a thread of its own. */
const ON_A_THREAD = "await syncToAsync(new URL('./work.js', import.meta.url), 'work')(…) // on a worker thread";

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
  ['randomFillSync', 'buffer[, offset][, size]', 'await promisify(crypto.randomFill)(buffer)', '', MUCH_RANDOM],
  ['scryptSync', 'password, salt, keylen[, options]', 'await promisify(crypto.scrypt)(password, salt, keylen)'],
  ['sign', 'algorithm, data, key[, callback]', 'await promisify(crypto.sign)(algorithm, data, key)', '', NO_CALLBACK],
  [
    'verify',
    'algorithm, data, key, signature[, callback]',
    'await promisify(crypto.verify)(algorithm, data, key, signature)',
    '',
    NO_CALLBACK,
  ],
  ['diffieHellman', 'options[, callback]', 'await promisify(crypto.diffieHellman)(options)', '', NO_CALLBACK],
  ['encapsulate', 'key[, callback]', 'await promisify(crypto.encapsulate)(key)', '24.7.0', NO_CALLBACK],
  [
    'decapsulate',
    'key, ciphertext[, callback]',
    'await promisify(crypto.decapsulate)(key, ciphertext)',
    '24.7.0',
    NO_CALLBACK,
  ],
  ['publicEncrypt', 'key, buffer', 'await syncToAsync(crypto.publicEncrypt)(key, buffer)'],
  ['publicDecrypt', 'key, buffer', 'await syncToAsync(crypto.publicDecrypt)(key, buffer)'],
  ['privateEncrypt', 'privateKey, buffer', 'await syncToAsync(crypto.privateEncrypt)(key, buffer)'],
  ['privateDecrypt', 'privateKey, buffer', 'await syncToAsync(crypto.privateDecrypt)(key, buffer)'],
  [
    'hash',
    'algorithm, data[, options]',
    'await syncToAsync(crypto.hash)(algorithm, data)',
    '20.12.0',
    MUCH_DATA_SECOND,
  ],
  ['Hash.prototype.update', 'data[, inputEncoding]', 'await pipeline(source, crypto.createHash(name))', '', MUCH_DATA],
  [
    'Hmac.prototype.update',
    'data[, inputEncoding]',
    'await pipeline(source, crypto.createHmac(name, key))',
    '',
    MUCH_DATA,
  ],
  [
    'Cipheriv.prototype.update',
    'data[, inputEncoding][, outputEncoding]',
    'await pipeline(source, crypto.createCipheriv(name, key, iv), target)',
    '',
    MUCH_DATA,
  ],
  [
    'Decipheriv.prototype.update',
    'data[, inputEncoding][, outputEncoding]',
    'await pipeline(source, crypto.createDecipheriv(name, key, iv), target)',
    '',
    MUCH_DATA,
  ],
  ['Sign.prototype.sign', 'privateKey[, outputEncoding]', 'await promisify(crypto.sign)(algorithm, data, privateKey)'],
  [
    'Verify.prototype.verify',
    'object, signature[, signatureEncoding]',
    'await promisify(crypto.verify)(algorithm, data, key, signature)',
  ],
  ['DiffieHellman.prototype.generateKeys', '[encoding]', ON_A_THREAD],
  ['DiffieHellman.prototype.computeSecret', 'otherPublicKey[, inputEncoding][, outputEncoding]', ON_A_THREAD],
  ['ECDH.prototype.generateKeys', '[encoding[, format]]', "await promisify(crypto.generateKeyPair)('ec', options)"],
  [
    'ECDH.prototype.computeSecret',
    'otherPublicKey[, inputEncoding][, outputEncoding]',
    'await promisify(crypto.diffieHellman)({ privateKey, publicKey })',
  ],
  [
    'createDiffieHellman',
    'primeLength[, generator]',
    "crypto.getDiffieHellman('modp14') // a well-known prime needs no search",
    '',
    { type: 'duration', ms: 1 },
  ],
  ['randomBytes', 'size[, callback]', 'await promisify(crypto.randomBytes)(size)', '', MUCH_RANDOM],
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
  ['crc32', 'data[, value]', ON_A_THREAD, '20.15.0', MUCH_DATA],
  ['createZipArchiveSync', 'entries', 'await pipeline(zlib.createZipArchive(entries), target)', '26.0.0'],
  ['ZipEntry.createSync', 'name, data[, options]', 'await zlib.ZipEntry.create(name, data)', '26.0.0'],
  ['ZipFile.openSync', 'path', 'await zlib.ZipFile.open(path)', '26.0.0'],
]);

export const V8_OPERATIONS = [
  ...nodeEntries('v8', 'serialization', [
    ['serialize', 'value', ON_A_THREAD, '', { type: 'result', bytes: 64 * KB }],
    ['deserialize', 'buffer', ON_A_THREAD, '', { type: 'argument', index: 0, bytes: 64 * KB }],
  ]),
  ...nodeEntries('v8', 'snapshot', [
    ['writeHeapSnapshot', '[filename[,options]]', 'take it from outside: node --heapsnapshot-signal=SIGUSR2'],
    ['getHeapSnapshot', '[options]', 'take it from outside: node --heapsnapshot-signal=SIGUSR2'],
  ]),
];

export const VM_OPERATIONS = nodeEntries('vm', 'code generation', [
  ['Script', 'code[, options]', 'compile it once at start-up and keep the vm.Script'],
  ['compileFunction', 'code[, params[, options]]', 'compile it once at start-up and keep the function'],
  ['runInContext', 'code, contextifiedObject[, options]', ON_A_THREAD],
  ['runInNewContext', 'code[, contextObject[, options]]', ON_A_THREAD],
  ['runInThisContext', 'code[, options]', ON_A_THREAD],
]);

export const DGRAM_OPERATIONS = nodeEntries('dgram', 'network', [
  ['Socket.prototype.bindSync', '[options]', "socket.bind(options); await once(socket, 'listening')", '24.0.0'],
  [
    'Socket.prototype.connectSync',
    'port[, address]',
    "socket.connect(port, address); await once(socket, 'connect')",
    '24.0.0',
  ],
]);

export const PROCESS_OPERATIONS = [
  ...nodeEntries('process', 'file', [['loadEnvFile', 'path', 'load it at start-up: node --env-file=.env']]),
  ...nodeEntries('process', 'module loading', [['dlopen', 'module, filename[, flags]', 'load the addon at start-up']]),
  ...nodeEntries('process', 'snapshot', [
    ['report.writeReport', '[filename][, err]', 'take it from outside: node --report-on-signal'],
    ['report.getReport', '[err]', 'take it from outside: node --report-on-signal'],
  ]),
];
