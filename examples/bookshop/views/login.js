import crypto, { timingSafeEqual } from 'node:crypto';
import { promisify } from 'node:util';

// The work factor OWASP asks for with SHA-512. It has to be slow; it does not have to be slow for everybody else.
const ITERATIONS = 210_000;
const KEY_BYTES = 64;
const DIGEST = 'sha512';

const pbkdf2 = promisify(crypto.pbkdf2);

// One customer, whose password is "correct horse battery staple".
const SALT = 'bookshop';
const customer = {
  name: 'ada',
  hash: crypto.pbkdf2Sync('correct horse battery staple', SALT, ITERATIONS, KEY_BYTES, DIGEST),
};

/** The mistake: the hash is computed on the event loop. */
export async function login(request, response) {
  const { name, password } = credentials(request);
  const hash = crypto.pbkdf2Sync(password, SALT, ITERATIONS, KEY_BYTES, DIGEST);
  answer(response, name, hash);
}

/** The same hash on libuv's thread pool. */
export async function loginRepaired(request, response) {
  const { name, password } = credentials(request);
  const hash = await pbkdf2(password, SALT, ITERATIONS, KEY_BYTES, DIGEST);
  answer(response, name, hash);
}

function credentials(request) {
  return { name: String(request.body?.name ?? ''), password: String(request.body?.password ?? '') };
}

function answer(response, name, hash) {
  const known = name === customer.name && timingSafeEqual(hash, customer.hash);
  response.status(known ? 200 : 401).json({ welcome: known });
}
