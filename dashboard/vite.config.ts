import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { brotliCompressSync, gzipSync, constants as zlib } from 'node:zlib';
import { defineConfig, type Plugin } from 'vite';

const BUILT = new URL('../dist/dashboard/', import.meta.url);

export default defineConfig({
  root: fileURLToPath(new URL('.', import.meta.url)),
  // Relative, so that the page works under any sub-path and behind any proxy.
  base: './',
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  build: {
    outDir: fileURLToPath(BUILT),
    emptyOutDir: true,
    target: ['chrome123', 'firefox121', 'safari17.5'],
    // The content security policy allows no `data:`; every asset is a file.
    assetsInlineLimit: 0,
    // The page has one style sheet, and `earlyPage` says what to fetch ahead.
    modulePreload: false,
    cssCodeSplit: false,
  },
  plugins: [leanPlots(), earlyPage(), compressedAssets()],
});

/**
 * The entry is a few lines that run before the first paint, so that a chosen theme does not flash. Everything else is
 * fetched beside it, and not only when the entry asks.
 */
function earlyPage(): Plugin {
  return {
    name: 'holdup:early-page',
    apply: 'build',
    enforce: 'pre',
    load: {
      filter: { id: /vite\/preload-helper/ },
      // Nothing is left for Vite's own preloading to do: a `link` names every chunk, and there is one style sheet.
      handler: () => 'export const __vitePreload = (load) => load();',
    },
    transformIndexHtml: {
      order: 'post',
      handler: (html, { bundle = {}, chunk: entry }) => ({
        html: html.replace('<script type="module"', '<script type="module" blocking="render"'),
        tags: Object.values(bundle)
          .filter((file) => file.type === 'chunk' && !file.isEntry)
          .map((file) => ({
            tag: 'link',
            injectTo: 'head' as const,
            attrs: {
              rel: 'modulepreload',
              crossorigin: true,
              href: `./${file.fileName}`,
              // What the entry does not ask for at once, such as the plots, must not hold up what is read first.
              ...(entry?.dynamicImports.includes(file.fileName) ? {} : { fetchpriority: 'low' }),
            },
          })),
      }),
    },
  };
}

/**
 * uPlot hangs everything it can do on itself, so that a bundler must keep it. What no plot of ours uses is let go: bars,
 * splines, joined tables. Should uPlot be written otherwise one day, it is only larger.
 */
function leanPlots(): Plugin {
  return {
    name: 'holdup:lean-plots',
    apply: 'build',
    transform: {
      filter: { id: /uPlot\.esm\.js$/ },
      handler: (code) => code.replace(/^\t(?:uPlot\.join|\(paths\.(?:bars|spline)).*;$/gm, ''),
    },
  };
}

/** Each asset lies beside its compressed forms, so that serving one costs no processor time. */
function compressedAssets(): Plugin {
  return {
    name: 'holdup:compressed-assets',
    apply: 'build',
    writeBundle({ dir }) {
      const folder = new URL(`file://${dir}/assets/`);
      for (const name of readdirSync(folder)) {
        const whole = readFileSync(new URL(name, folder));
        const params = { [zlib.BROTLI_PARAM_QUALITY]: zlib.BROTLI_MAX_QUALITY };
        writeFileSync(new URL(`${name}.br`, folder), brotliCompressSync(whole, { params }));
        writeFileSync(new URL(`${name}.gz`, folder), gzipSync(whole, { level: 9 }));
      }
    },
  };
}
