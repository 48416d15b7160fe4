const NODE_MODULES = /[\\/]node_modules[\\/]/;

export function isInNodeModules(file: string): boolean {
  return NODE_MODULES.test(file);
}

/** The package a file under node_modules belongs to (`@scope/name` or `name`); empty for any other file. */
export function packageOf(file: string): string {
  const rest = file.split(NODE_MODULES).at(-1);
  if (rest === undefined || rest === file) return '';
  const [first = '', second = ''] = rest.split(/[\\/]/);
  return first.startsWith('@') ? `${first}/${second}` : first;
}
