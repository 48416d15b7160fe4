import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Collector, startCollector } from 'holdup/collector';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Client, incidentOf, instanceOf, until } from './fixture.js';

/** What docs/collector.md tells an operator is so. */

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const DOCUMENT = readFileSync(join(ROOT, 'docs/collector.md'), 'utf8');
const NGINX = ['nginx', '/usr/sbin/nginx'].find((name) => spawnSync(name, ['-v']).status === 0);
const hasSystemd = spawnSync('systemd-analyze', ['--version']).status === 0;

const folder = mkdtempSync(join(tmpdir(), 'holdup-docs-'));
let collector: Collector;
beforeAll(async () => {
  collector = await startCollector({ port: 0, store: join(folder, 'collector.db') });
});
afterAll(async () => {
  await collector.stop();
  rmSync(folder, { recursive: true, force: true });
});

/** The first block of code of a language that has this in it. */
function block(language: string, part: string): string {
  for (const [, text = ''] of DOCUMENT.matchAll(new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\`$`, 'gm'))) {
    if (text.includes(part)) return text;
  }
  throw new Error(`There is no ${language} with ${part}.`);
}

test('names every flag with its variable, as the command itself does', () => {
  const cli = join(ROOT, 'dist/collector/cli.js');
  const help = execFileSync(process.execPath, [cli, 'collector', '--help'], { encoding: 'utf8' });
  const flags = [...help.matchAll(/^ {2}(--[a-z-]+)/gm)].map(([, flag]) => flag);
  const options = help.slice(help.indexOf('Options:'));
  const variables = [...new Set(options.match(/HOLDUP_[A-Z_]+(?=[)=])/g))];
  const documented = [...DOCUMENT.matchAll(/^\| `(--[a-z-]+)` \| `(HOLDUP_[A-Z_]+)` \|/gm)];
  expect(documented.map(([, flag]) => flag).sort()).toEqual([...flags].sort());
  expect(documented.map(([, , variable]) => variable).sort()).toEqual([...variables].sort());
});

test('speaks of no metric that is not there', async () => {
  const client = new Client(collector);
  await client.incidents(instanceOf(), incidentOf());
  const there = await (await client.get('metrics')).text();
  const told = new Set(DOCUMENT.match(/\bholdup_[a-z_]+[a-z]\b/g));
  const missing = [...told].filter((name) => !there.includes(`# TYPE ${name} `) && name !== 'holdup_collector');
  expect(told.size).toBeGreaterThan(5);
  expect(missing).toEqual([]);
});

test('has a configuration of PM2 that is JSON, and a unit that systemd accepts', () => {
  expect(JSON.parse(block('json', '"apps"'))).toHaveProperty('apps.0.node_args');
  if (!hasSystemd) return;
  const unit = join(folder, 'holdup.service');
  writeFileSync(unit, block('ini', '[Service]').replace(/^ExecStart=\S+/m, `ExecStart=${process.execPath}`));
  const { status, stderr } = spawnSync('systemd-analyze', ['verify', unit], { encoding: 'utf8' });
  expect({ status, complaints: stderr.split('\n').filter((line) => line.includes('holdup.service')) }).toEqual({
    status: 0,
    complaints: [],
  });
});

test.skipIf(NGINX === undefined)('has lines for nginx under which the page and its feed are reached', async () => {
  const port = await freePort();
  const location = block('nginx', 'proxy_pass').replace('127.0.0.1:4653', `127.0.0.1:${collector.port}`);
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((each) => `${each}_temp_path ${folder};`);
  writeFileSync(
    join(folder, 'nginx.conf'),
    `daemon off; master_process off; pid ${folder}/pid; error_log stderr;
events {}
http { access_log off; ${temporary.join(' ')} server { listen 127.0.0.1:${port}; ${location} } }`,
  );
  const nginx = spawn(NGINX as string, ['-p', folder, '-c', join(folder, 'nginx.conf')], { stdio: 'ignore' });
  const ended = once(nginx, 'exit');
  try {
    const client = new Client({ url: `http://127.0.0.1:${port}/holdup/` });
    await until(async () => (await client.get('healthz').catch(() => null))?.status === 200);
    const page = await client.get('');
    expect([page.status, page.headers.get('content-type')]).toEqual([200, expect.stringMatching(/^text\/html/)]);
    const live = client.live({ Origin: `http://127.0.0.1:${port}` });
    await live.message(({ type }) => type === 'delta');
    expect(live.socket.extensions).toMatch(/permessage-deflate/);
    live.close();
  } finally {
    nginx.kill();
    await ended;
  }
});

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });
}
