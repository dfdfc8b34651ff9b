// Words of the scripts. Chinese is the source; the page carries the other language as JSON data.
const said: Record<string, string> = JSON.parse(document.getElementById("words")?.textContent || "{}");

/** The word in the page's language; %(name)s is filled from `values`. */
export function t(word: string, values: Record<string, string | number> = {}): string {
  return (said[word] ?? word).replace(/%\((\w+)\)[sd]/g, (_all, name: string) => String(values[name] ?? ""));
}

/** A word with a count: the catalogue may hold a form for one. */
export function tn(word: string, n: number): string {
  const form = n === 1 ? said[`${word}\u0001`] : undefined;
  return form ? form.replace(/%\(n\)[sd]/g, "1") : t(word, { n });
}
