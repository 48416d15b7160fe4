import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

const CLI = fileURLToPath(new URL('../../dist/collector/cli.js', import.meta.url));

/** `holdup collector` on any port, as a process of its own that a test may kill. */
export class CollectorProcess {
  readonly url: string;
  readonly child: ChildProcess;

  private constructor(url: string, child: ChildProcess) {
    this.url = url;
    this.child = child;
  }

  static start(...args: readonly string[]): Promise<CollectorProcess> {
    const command = [CLI, 'collector', '--port', '0', '--log-level', 'warn', ...args];
    const child = spawn(process.execPath, command, { stdio: ['ignore', 'pipe', 'pipe'] });
    return new Promise((resolve, reject) => {
      let text = '';
      child.stdout.on('data', (data) => {
        text += data;
        const url = /^Holdup dashboard: (\S+)$/m.exec(text)?.[1];
        if (url !== undefined) resolve(new CollectorProcess(url, child));
      });
      child.stderr.on('data', (data) => {
        text += data;
      });
      child.on('exit', () => reject(new Error(`The collector ended: ${text}`)));
    });
  }

  /** The process that works for its store; undefined while there is none. */
  get storePid(): number | undefined {
    const table = execFileSync('ps', ['-A', '-o', 'pid=,ppid=,args='], { encoding: 'utf8' });
    for (const line of table.split('\n')) {
      const [pid, parent, ...args] = line.trim().split(/\s+/);
      if (Number(parent) === this.child.pid && args.join(' ').includes('store/remote.js')) return Number(pid);
    }
    return undefined;
  }

  async end(signal: NodeJS.Signals): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const ended = once(this.child, 'close');
    this.child.kill(signal);
    await ended;
  }
}
