import type { Duplex } from 'node:stream';
import type { WebSocket } from 'ws';
import { COLLECTOR_LIMITS } from './limits.js';
import { beginOfFrame, type LiveText } from './live-text.js';

/** One connected page. */
export class LiveClient {
  readonly #webSocket: WebSocket;
  readonly #socket: Duplex;
  readonly #snapshot: () => LiveText;
  readonly #deflates: boolean;
  #sequence = 0;
  /** Messages thrown away since the socket filled up; 0 while it keeps up. */
  #dropped = 0;
  #answered = true;
  /** What is being compressed comes first. */
  #turn: Promise<void> | null = null;
  #waitingBytes = 0;

  constructor(webSocket: WebSocket, socket: Duplex, snapshot: () => LiveText) {
    this.#webSocket = webSocket;
    this.#socket = socket;
    this.#snapshot = snapshot;
    this.#deflates = webSocket.extensions.includes('permessage-deflate');
    webSocket.on('pong', () => {
      this.#answered = true;
    });
    // A broken connection closes; there is nobody to tell.
    webSocket.on('error', () => webSocket.terminate());
    // The feed is one-way. Reading keeps pings and closes flowing.
    webSocket.on('message', () => {});
  }

  sendSnapshot(): void {
    this.#write(this.#snapshot());
  }

  /** Sends it, or counts it as dropped while the client has not read what was sent before. */
  send(text: LiveText, lagged: (dropped: number) => LiveText): void {
    const unsentBytes = this.#webSocket.bufferedAmount + this.#waitingBytes;
    if (this.#dropped === 0 && unsentBytes <= COLLECTOR_LIMITS.liveBufferBytes) {
      this.#write(text);
      return;
    }
    // All that waited unsent is out of date once there is room again: a fresh snapshot says it better.
    this.#dropped++;
    this.#sequence++;
    if (unsentBytes > 0) return;
    this.#write(lagged(this.#dropped));
    this.#dropped = 0;
    this.sendSnapshot();
  }

  ping(): void {
    if (!this.#answered) this.#webSocket.terminate();
    this.#answered = false;
    this.#webSocket.ping();
  }

  close(): void {
    this.#webSocket.close(1001, 'The collector stops.');
    // A page that does not answer the close must not hold up the stop.
    setTimeout(() => this.#webSocket.terminate(), 200).unref();
  }

  /** In order, also when one is being compressed and the next is not. */
  #write(text: LiveText): void {
    const prefix = `{"sequence":${++this.#sequence},`;
    const isDeflated = this.#deflates && text.isLarge;
    if (!isDeflated && this.#turn === null) {
      this.#writePlain(prefix, text);
      return;
    }
    this.#waitingBytes += text.bytes.length;
    const turn = (this.#turn ?? Promise.resolve())
      .then(async () => {
        const deflated = isDeflated ? await text.deflated() : null;
        this.#waitingBytes -= text.bytes.length;
        if (this.#turn === turn) this.#turn = null;
        if (deflated === null) this.#writePlain(prefix, text);
        else this.#writeDeflated(prefix, deflated);
      })
      // No memory to compress in: it may connect again.
      .catch(() => this.#webSocket.terminate());
    this.#turn = turn;
  }

  /** In two frames, so that the second one's bytes are everybody's. */
  #writePlain(prefix: string, { bytes }: LiveText): void {
    if (this.#webSocket.readyState !== this.#webSocket.OPEN) return;
    this.#socket.cork();
    this.#webSocket.send(prefix, { fin: false, compress: false });
    this.#webSocket.send(bytes, { fin: true, compress: false, binary: false });
    this.#socket.uncork();
  }

  /** Past the library, which would compress for each page again. Its own frames are written whole and at once too. */
  #writeDeflated(prefix: string, deflated: Buffer): void {
    if (this.#webSocket.readyState !== this.#webSocket.OPEN) return;
    this.#socket.cork();
    this.#socket.write(beginOfFrame(prefix, deflated));
    this.#socket.write(deflated);
    this.#socket.uncork();
  }
}
