import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startCollector } from 'holdup/collector';
import { expect, test } from 'vitest';
import { exportIncident } from './bookshop-incidents.js';
import { launchBrowser } from './browser.js';
import { FleetFeeder } from './fleet-feeder.js';
import { openPage } from './opened-page.js';

const NGINX = ['nginx', '/usr/sbin/nginx'].find((name) => spawnSync(name, ['-v']).status === 0);
if (NGINX === undefined)
  console.log('nginx is not here (Debian package nginx): the test behind a real proxy is skipped.');

test.skipIf(NGINX === undefined)(
  'works under /holdup/ behind a real nginx, live feed and decisions included',
  async () => {
    const collector = await startCollector({ port: 0 });
    const proxy = await startNginx(NGINX as string, collector.port);
    const browser = await launchBrowser();
    const feeder = new FleetFeeder(collector.url);
    await feeder.reports();
    const { page, close } = await openPage(browser, proxy.url);
    expect(new URL(page.url()).pathname).toBe('/holdup/');
    await page.locator('.connection.live').waitFor();
    const [instance] = feeder.instances;
    if (instance === undefined) throw new Error('no instance');
    await feeder.incidents(instance, [exportIncident(Date.now(), () => 0.5)]);
    await page.locator('.incident-row', { hasText: 'fs.readFileSync' }).click();
    await page.locator('.freeze').waitFor();
    await page.getByRole('button', { name: 'Resolve' }).click();
    await page.keyboard.press('Enter');
    await page.getByRole('button', { name: 'Open again' }).waitFor();
    await page.goto(`${proxy.url}#/?range=1h`);
    await page.getByText('Longest holds').waitFor();
    await close();
    await browser.close();
    await proxy.stop();
    await collector.stop();
  },
);

/** An nginx of our own: one process in the foreground, with everything it writes in a folder of its own. */
async function startNginx(program: string, collectorPort: number) {
  const folder = mkdtempSync(join(tmpdir(), 'holdup-nginx-'));
  const port = await freePort();
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((each) => `${each}_temp_path ${folder};`);
  writeFileSync(
    join(folder, 'nginx.conf'),
    `daemon off; master_process off; pid ${folder}/pid; error_log stderr;
events {}
http {
  access_log off; ${temporary.join(' ')}
  server {
    listen 127.0.0.1:${port};
    location /holdup/ {
      proxy_pass http://127.0.0.1:${collectorPort}/;
      proxy_http_version 1.1;
      proxy_set_header Host $http_host;
      proxy_set_header Upgrade $http_upgrade;
      proxy_set_header Connection "upgrade";
    }
  }
}
`,
  );
  const nginx = spawn(program, ['-p', folder, '-c', join(folder, 'nginx.conf')], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let said = '';
  nginx.stderr.on('data', (text) => {
    said += text;
  });
  const url = `http://127.0.0.1:${port}/holdup/`;
  const until = Date.now() + 10_000;
  while (!(await answers(url))) {
    if (nginx.exitCode !== null || Date.now() > until) throw new Error(`nginx does not answer: ${said}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return {
    url,
    stop: async () => {
      nginx.kill('SIGTERM');
      if (nginx.exitCode === null) await once(nginx, 'exit');
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function answers(url: string): Promise<boolean> {
  return fetch(url).then(
    (response) => response.ok,
    () => false,
  );
}

/** nginx cannot be told to take any free port. */
async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const address = probe.address();
  probe.close();
  await once(probe, 'close');
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}
