import { fork } from 'node:child_process';
import { once } from 'node:events';
import { Agent, request } from 'node:http';
import { fileURLToPath } from 'node:url';

const CHILD = fileURLToPath(new URL('./weighed-collector-child.mjs', import.meta.url));

/** A collector in a process of its own that says what it weighs, and what it logs as a mistake of its own. */
export class WeighedCollector {
  #child;
  #url;
  #agent = new Agent({ keepAlive: true, maxSockets: 32 });

  static async start(store, onMistake) {
    const child = fork(CHILD, [store], { execArgv: ['--expose-gc'], stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
    child.on('message', ({ mistake }) => {
      if (mistake !== undefined) onMistake(mistake);
    });
    const [{ url }] = await once(child, 'message');
    return new WeighedCollector(child, new URL(url));
  }

  constructor(child, url) {
    this.#child = child;
    this.#url = url;
  }

  post({ path, headers, body, isChunked = false }) {
    return new Promise((resolve) => {
      const { hostname, port } = this.#url;
      const length = isChunked ? {} : { 'content-length': body.length };
      const options = { hostname, port, path, method: 'POST', agent: this.#agent, headers: { ...headers, ...length } };
      const sent = request(options, (response) => {
        const chunks = [];
        response.on('data', (chunk) => chunks.push(chunk));
        response.on('error', () => {});
        response.on('close', () =>
          resolve({ status: response.statusCode, text: Buffer.concat(chunks).toString('latin1') }),
        );
      });
      // Also after an answer that came before all was sent.
      sent.on('error', (error) => resolve({ status: 0, text: error.message }));
      sent.end(body);
    });
  }

  get url() {
    return this.#url.href;
  }

  /** Its memory once all garbage is collected. */
  weigh() {
    const weighed = new Promise((resolve, reject) => {
      const child = this.#child;
      const done = (settle) => (value) => {
        child.off('message', onMessage).off('exit', onExit);
        settle(value);
      };
      const onMessage = (message) => message.rss !== undefined && done(resolve)(message);
      const onExit = (code, signal) => done(reject)(new Error(`The collector ended: ${signal ?? code}.`));
      child.on('message', onMessage).on('exit', onExit);
    });
    this.#child.send({ ask: 'usage' });
    return weighed;
  }

  /** As an exporter does it: comes again when it is told to (429, 503). */
  async postPatiently(payload) {
    let again = 0;
    for (;;) {
      const answer = await this.post(payload);
      if ((answer.status !== 503 && answer.status !== 429) || again === 30) return { ...answer, again };
      again++;
      await new Promise((resolve) => setTimeout(resolve, 1000));
    }
  }

  async get(path) {
    return (await fetch(new URL(path, this.#url))).text();
  }

  async stop() {
    this.#agent.destroy();
    if (!this.#child.connected) return;
    const ended = once(this.#child, 'exit');
    this.#child.send({ ask: 'stop' });
    await ended;
  }
}
