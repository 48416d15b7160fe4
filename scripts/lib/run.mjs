import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** The project's root folder. */
export const root = fileURLToPath(new URL('../..', import.meta.url));

const running = new Set();

/** Ends the programs that `run` is waiting for. */
export function endRunning() {
  for (const child of running) child.kill();
}

/**
 * Runs a program in the project's root and waits for its end. Its output is returned; with `show` it also goes to the
 * terminal as it comes.
 *
 * @returns {Promise<{ exitCode: number, output: string }>} 127 when the program is not there
 */
export function run(command, args, { show = false, env = {} } = {}) {
  return new Promise((resolve) => {
    const child = spawn(command, args, {
      cwd: root,
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    running.add(child);
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8');
      stream.on('data', (text) => {
        output += text;
        if (show) process.stdout.write(text);
      });
    }
    child.on('error', (error) => resolve({ exitCode: 127, output: output + error.message }));
    child.on('close', () => running.delete(child));
    child.on('close', (code, signal) =>
      resolve({ exitCode: code ?? 128, output: signal ? `${output}(${signal})` : output }),
    );
  });
}

/** Like `run`, with a failure as an error that says what was tried. */
export async function mustRun(command, args, options) {
  const result = await run(command, args, options);
  if (result.exitCode !== 0) {
    const shown = options?.show ? '' : `\n${result.output}`;
    throw new Error(`\`${command} ${args.join(' ')}\` failed (${result.exitCode}).${shown}`);
  }
  return result.output;
}

/** The path of a tool that npm installed with the project. */
export function projectTool(name) {
  return fileURLToPath(new URL(`../../node_modules/.bin/${name}`, import.meta.url));
}

/** Where a program lies on the PATH, or null. */
export async function programOnPath(name) {
  const { exitCode, output } = await run('sh', ['-c', `command -v ${name}`]);
  return exitCode === 0 ? output.trim() : null;
}
