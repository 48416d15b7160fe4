import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { root } from '../../scripts/lib/run.mjs';

/** Puts text between `<!-- bench:name -->` and `<!-- /bench:name -->` of a Markdown file; at its end if it has no such place. */
export function writeSection(file, name, text) {
  const path = join(root, file);
  const [begin, end] = [`<!-- bench:${name} -->`, `<!-- /bench:${name} -->`];
  const document = existsSync(path) ? readFileSync(path, 'utf8') : '';
  const section = `${begin}\n${text.trim()}\n${end}`;
  const [from, to] = [document.indexOf(begin), document.indexOf(end)];
  const written =
    from >= 0 && to > from
      ? document.slice(0, from) + section + document.slice(to + end.length)
      : `${document.trimEnd()}\n\n${section}\n`;
  writeFileSync(path, written);
}

export function writeProjectFile(file, text) {
  const path = join(root, file);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
}
