/** The first `howMany` in an order, without sorting hundreds to show a few. */
export function firstOf<Thing>(
  things: readonly Thing[],
  howMany: number,
  compare: (a: Thing, b: Thing) => number,
): Thing[] {
  if (howMany >= things.length) return [...things].sort(compare);
  const first: Thing[] = [];
  for (const thing of things) {
    const last = first.at(-1);
    if (first.length === howMany && last !== undefined && compare(thing, last) >= 0) continue;
    const at = first.findIndex((each) => compare(thing, each) < 0);
    first.splice(at === -1 ? first.length : at, 0, thing);
    if (first.length > howMany) first.pop();
  }
  return first;
}
