import { readFile } from 'node:fs/promises';

/** A configuration file that cannot be used. */
export class ConfigError extends Error {
  override readonly name: string = 'ConfigError';
  readonly code = 'HOLDUP_INVALID_OPTION';
}

/** Reads a JSON object that has none but the given names. */
export async function readConfig(file: string, names: readonly string[]): Promise<Readonly<Record<string, unknown>>> {
  let config: unknown;
  try {
    config = JSON.parse(await readFile(file, 'utf8'));
  } catch (error) {
    // Not the parser's words: they may quote a secret.
    const why = error instanceof SyntaxError ? 'it is not JSON' : (error as Error).message;
    throw new ConfigError(`The configuration file ${file} cannot be read: ${why}.`);
  }
  if (typeof config !== 'object' || config === null || Array.isArray(config)) {
    throw new ConfigError(`The configuration file ${file} is not a JSON object.`);
  }
  for (const name of Object.keys(config)) {
    if (!names.includes(name)) {
      throw new ConfigError(
        `The configuration file ${file} has no option ${JSON.stringify(name)}; there are ${names.join(', ')}.`,
      );
    }
  }
  return config as Readonly<Record<string, unknown>>;
}
