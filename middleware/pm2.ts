/** What PM2 says of the process that it started. */
export interface Pm2Process {
  /** The number that `pm2 list` shows. */
  readonly id: string;
  readonly name: string;
  /** Where the app is at home; PM2 goes there only after what `--import` loads. */
  readonly cwd: string;
}

const CONTAINER = /[\\/]pm2[\\/]lib[\\/]ProcessContainer\w*\.js$/;

/** Null in every process that PM2 did not start itself; those that its apps start inherit its variables. */
export function pm2Process(env: NodeJS.ProcessEnv = process.env): Pm2Process | null {
  const { pm_id: id, name = '', pm_cwd: cwd = process.cwd(), pm_exec_path: script } = env;
  const [, started = ''] = process.argv;
  return id !== undefined && (started === script || CONTAINER.test(started)) ? { id, name, cwd } : null;
}

/** What decides how and as what a process is watched. */
const OURS = /^(?:HOLDUP_\w+|OTEL_\w+|NODE_ENV|npm_package_version|name|pm_id|pm_cwd|pm_exec_path)$/;

/**
 * In PM2's cluster mode the app's environment lies in one variable, and PM2 unpacks it only after what `--import` loads:
 * an app in production would look like one that is not. Takes what concerns us out of it a moment earlier.
 */
export function adoptPm2Environment(env: NodeJS.ProcessEnv = process.env): void {
  if (env.pm2_env === undefined || !CONTAINER.test(process.argv[1] ?? '')) return;
  try {
    for (const [name, value] of Object.entries(JSON.parse(env.pm2_env) as Record<string, unknown>)) {
      if (OURS.test(name) && (typeof value === 'string' || typeof value === 'number')) env[name] = String(value);
    }
  } catch {
    // Not PM2's after all.
  }
}
