import { fileURLToPath } from 'node:url';

const built = (file) => fileURLToPath(new URL(`../dist/middleware/${file}.js`, import.meta.url));

const BUILTIN_IMPORT = /^import (?:(\w+),? )?(?:\{ ([^}]+) \} )?from "(node:(?!fs")[\w/]+)";$/gm;

/**
 * Takes Node's own modules without `import`: an import reads every export of such a module, and with them come parts
 * that Node loads only when they are asked for. `node:http` alone brings undici: 6 MB and 30 ms for a thread.
 */
const builtinsAsTheyAre = {
  name: 'builtins-as-they-are',
  renderChunk: (code) =>
    code.replace(BUILTIN_IMPORT, (_line, whole, named, module) => {
      const taken = `process.getBuiltinModule("${module}")`;
      const names = [whole, named && `{ ${named.replaceAll(' as ', ': ')} }`].filter(Boolean);
      return `const ${names.map((each, at) => `${each} = ${at === 0 ? taken : whole}`).join(', ')};`;
    }),
};

/** V8 keeps a file's text, at two bytes a character as soon as one of them is not Latin. */
const oneByteACharacter = {
  name: 'one-byte-a-character',
  generateBundle(_options, bundle) {
    for (const chunk of Object.values(bundle)) {
      const escaped = (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
      chunk.code = chunk.code.replace(/[^\0-\x7f]/g, escaped);
    }
  },
};

const common = { platform: 'node', external: [/^node:/, 'piscina'] };
const output = { dir: fileURLToPath(new URL('../dist/agent', import.meta.url)), comments: false };

/**
 * What a watched process loads, as a few files instead of a hundred small modules: that is most of what starting costs.
 * One build for all entries of the main thread, so that they share their state. The watchdog thread is one file that
 * needs no loader of ES modules: 1 MB less for each watched process.
 */
export default [
  {
    ...common,
    input: {
      index: built('index'),
      express: built('adapters/express'),
      register: built('register'),
      testing: built('testing'),
      'sync-worker': built('sync-to-async/worker'),
    },
    plugins: [builtinsAsTheyAre, oneByteACharacter],
    output: { ...output, cleanDir: true, chunkFileNames: '[name].js' },
  },
  {
    ...common,
    input: { thread: built('watchdog/thread') },
    plugins: [oneByteACharacter],
    output: { ...output, format: 'cjs', entryFileNames: '[name].cjs' },
  },
];
