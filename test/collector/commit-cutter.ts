import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';

/** Between a collector and PostgreSQL: lets a commit through, and breaks the connection before its answer comes back. */
export class CommitCutter {
  /** How many of the next commits are left without an answer. */
  cuts = 0;
  readonly url: string;
  readonly #server: Server;
  readonly #sockets: Set<Socket>;

  private constructor(url: string, server: Server, sockets: Set<Socket>) {
    this.url = url;
    this.#server = server;
    this.#sockets = sockets;
  }

  static async start(target: string): Promise<CommitCutter> {
    const { hostname, port } = new URL(target);
    const sockets = new Set<Socket>();
    let cutter: CommitCutter | undefined;
    const server = createServer((near) => {
      const far = connect(Number(port), hostname);
      let isCut = false;
      for (const socket of [near, far]) {
        sockets.add(socket);
        socket.on('close', () => {
          sockets.delete(socket);
          near.destroy();
          far.destroy();
        });
        socket.on('error', () => {});
      }
      near.on('data', (data) => {
        isCut ||= (cutter?.cuts ?? 0) > 0 && data.includes('commit');
        far.write(data);
      });
      far.on('data', (data) => {
        if (!isCut) {
          near.write(data);
          return;
        }
        // PostgreSQL has answered, so it has committed.
        if (cutter !== undefined) cutter.cuts--;
        near.destroy();
      });
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    const url = new URL(target);
    url.port = String(typeof address === 'object' && address !== null ? address.port : 0);
    cutter = new CommitCutter(String(url), server, sockets);
    return cutter;
  }

  async stop(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
  }
}
