import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { mustRun, root } from '../../scripts/lib/run.mjs';

/**
 * The peers, each in a folder of its own (they want different versions of prom-client), so that none is a dependency of
 * this project. The newest versions that run on Node 20.
 */
const PEERS = {
  'prom-bundle': ['express-prom-bundle@8.0.0', 'prom-client@15.1.3'],
  'status-monitor': ['express-status-monitor@1.3.4'],
  'swagger-stats': ['swagger-stats@0.99.7', 'prom-client@14.2.0'],
  'blocked-at': ['blocked-at@1.2.0'],
  opentelemetry: [
    '@opentelemetry/api@1.9.1',
    '@opentelemetry/sdk-trace-node@2.12.0',
    '@opentelemetry/sdk-metrics@2.12.1',
    '@opentelemetry/exporter-trace-otlp-http@0.223.0',
    '@opentelemetry/exporter-metrics-otlp-http@0.223.0',
    '@opentelemetry/instrumentation@0.223.0',
    '@opentelemetry/instrumentation-http@0.223.0',
    '@opentelemetry/instrumentation-express@0.71.1',
    '@opentelemetry/instrumentation-runtime-node@0.36.1',
  ],
  sentry: ['@sentry/node@10.75.3', '@sentry/node-native@10.75.3'],
};

/** Installs the peers that are not there yet. One that cannot be is left out of the comparison, which says so. */
export async function ensurePeers() {
  for (const [peer, packages] of Object.entries(PEERS)) {
    const folder = join(root, '.cache', 'peers', peer);
    if (isInstalled(folder, packages)) continue;
    console.error(`peers: installing ${packages[0]} …`);
    mkdirSync(folder, { recursive: true });
    // npm puts things where it finds a package.json.
    writeFileSync(join(folder, 'package.json'), '{ "private": true }\n');
    const args = ['install', '--no-save', '--no-audit', '--no-fund', '--loglevel=error', '--prefix', folder];
    try {
      await mustRun('npm', [...args, ...packages]);
    } catch (error) {
      console.error(error.message);
    }
  }
}

/** `express-prom-bundle 8.0.0, …` */
export function peerVersions() {
  return Object.values(PEERS)
    .flat()
    .map((each) => each.replace(/(?<=.)@/, ' '))
    .join(', ');
}

function isInstalled(folder, packages) {
  return packages.every((each) => {
    const at = each.lastIndexOf('@');
    const file = join(folder, 'node_modules', each.slice(0, at), 'package.json');
    return existsSync(file) && JSON.parse(readFileSync(file, 'utf8')).version === each.slice(at + 1);
  });
}
