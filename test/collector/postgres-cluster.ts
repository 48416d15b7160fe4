import { execFile, spawn } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { chown, mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { until } from './fixture.js';

const run = promisify(execFile);
const VERSIONS = '/usr/lib/postgresql';

/** Where Debian's package `postgresql` puts its programs; null when it is not installed. */
export function postgresPrograms(): string | null {
  if (!existsSync(VERSIONS)) return null;
  const [newest] = readdirSync(VERSIONS).sort((a, b) => Number(b) - Number(a));
  const folder = newest === undefined ? null : join(VERSIONS, newest, 'bin');
  return folder !== null && existsSync(join(folder, 'initdb')) ? folder : null;
}

export interface PostgresCluster {
  readonly url: string;
  /** SIGKILL, as a crash would. */
  kill(): Promise<void>;
  start(): Promise<void>;
  stop(): Promise<void>;
}

/** A real PostgreSQL of its own in a temporary folder, on a free port of loopback. It refuses to run as root. */
export async function startPostgres(programs: string): Promise<PostgresCluster> {
  const folder = await mkdtemp(join(tmpdir(), 'holdup-postgres-'));
  const user = process.getuid?.() === 0 ? await userOf('postgres') : null;
  if (user !== null) await chown(folder, user.uid, user.gid);
  const owner = user ?? {};
  const data = join(folder, 'data');
  await run(join(programs, 'initdb'), ['-D', data, '-U', 'holdup', '-A', 'trust', '--no-sync', '-E', 'UTF8'], {
    ...owner,
    cwd: folder,
  });
  const port = await freePort();
  let server: ReturnType<typeof spawn> | undefined;
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    const running = server;
    server = undefined;
    if (running === undefined || running.exitCode !== null) return;
    const ended = new Promise((resolve) => running.once('exit', resolve));
    running.kill(signal);
    await ended;
  };
  const start = async (): Promise<void> => {
    const args = ['-D', data, '-p', String(port), '-h', '127.0.0.1', '-k', folder, '-c', 'fsync=off'];
    server = spawn(join(programs, 'postgres'), args, { ...owner, cwd: folder, stdio: 'ignore' });
    await until(async () =>
      run(join(programs, 'pg_isready'), ['-h', '127.0.0.1', '-p', String(port), '-U', 'holdup']).then(
        () => true,
        () => false,
      ),
    );
  };
  await start();
  return {
    url: `postgres://holdup@127.0.0.1:${port}/postgres`,
    start,
    kill: () => end('SIGQUIT'),
    stop: async () => {
      await end('SIGINT');
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function userOf(name: string): Promise<{ readonly uid: number; readonly gid: number }> {
  const [uid, gid] = await Promise.all(
    ['-u', '-g'].map(async (flag) => Number((await run('id', [flag, name])).stdout)),
  );
  return { uid: uid as number, gid: gid as number };
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });
}
