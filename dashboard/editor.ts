import type { Site } from '../protocol/index.js';

/** Only a page served by this very machine can assume that the file is on it. */
const LOCAL = ['localhost', '127.0.0.1', '[::1]'];

/** A link that opens the place in VS Code; null when the page is not local or the place is not known. */
export function editorLink(site: Site): string | null {
  if (!LOCAL.includes(location.hostname) || !/^(\/|[A-Za-z]:[\\/])/.test(site.file)) return null;
  const path = site.file
    .toWellFormed()
    .replaceAll('\\', '/')
    .split('/')
    .map(encodeURIComponent)
    .join('/')
    .replace('%3A', ':');
  return `vscode://file${path.startsWith('/') ? '' : '/'}${path}:${Math.max(1, site.line)}:${Math.max(1, site.column)}`;
}
