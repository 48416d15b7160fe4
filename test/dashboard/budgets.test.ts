import { readdirSync, readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';

const BUILT = new URL('../../dist/dashboard/', import.meta.url);
const KB = 1024;

function gzipped(extension: string): number {
  const names = readdirSync(new URL('assets/', BUILT)).filter((name) => name.endsWith(extension));
  expect(names).not.toEqual([]);
  return names.reduce((sum, name) => sum + gzipSync(readFileSync(new URL(`assets/${name}`, BUILT))).byteLength, 0);
}

test('is at most 60 KB of JavaScript and 8 KB of CSS, gzipped', () => {
  const script = gzipped('.js');
  const style = gzipped('.css');
  console.log(`dashboard: JavaScript ${(script / KB).toFixed(1)} KB, CSS ${(style / KB).toFixed(1)} KB, gzipped`);
  expect(script).toBeLessThanOrEqual(60 * KB);
  expect(style).toBeLessThanOrEqual(8 * KB);
});

test('has no inline script or style, and names no other origin', () => {
  const html = readFileSync(new URL('index.html', BUILT), 'utf8');
  expect(html).not.toMatch(/<script(?![^>]*\bsrc=)/);
  expect(html).not.toMatch(/<style|\sstyle=|\son\w+=/);
  expect(html).not.toMatch(/(?:src|href)="(?!\.\/)/);
  for (const name of readdirSync(new URL('assets/', BUILT)).filter((each) => each.endsWith('.css'))) {
    expect(readFileSync(new URL(`assets/${name}`, BUILT), 'utf8')).not.toMatch(/url\(|@import/);
  }
});
