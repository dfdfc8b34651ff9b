// The page is asked again and morphed in place: focus, what is typed, open folds, the chosen row and
// the scroll stay. htmx carries the request, idiomorph compares.
import htmx from "htmx.org";
import { Idiomorph } from "idiomorph";
import { $, isField, touched } from "./page";

/** Attributes that the browser or a script set, which the server's page does not know. */
function kept(attribute: string, node: Element): boolean {
  if (node instanceof HTMLDetailsElement && attribute === "open") return true;
  if (node.tagName.includes("-")) return !/^(data-|class$)/.test(attribute);
  return attribute === "aria-busy";
}

const rules = {
  ignoreActiveValue: true,
  callbacks: {
    beforeNodeMorphed(old: Node, fresh: Node): boolean {
      if (!(old instanceof Element) || !(fresh instanceof Element)) return true;
      if (old.hasAttribute("data-own")) return false;
      if (old.classList.contains("at")) fresh.classList.add("at");
      return !(isField(old) && touched(old));
    },
    beforeAttributeUpdated: (attribute: string, node: Element): boolean => !kept(attribute, node),
  },
};

/** htmx learns the swap style `morph`. */
export function teachMorph(): void {
  htmx.config.allowEval = false;
  htmx.config.includeIndicatorStyles = false;
  htmx.config.historyCacheSize = 0;
  htmx.config.refreshOnHistoryMiss = true;
  htmx.config.globalViewTransitions = false;
  htmx.config.defaultSwapStyle = "morph" as never;
  htmx.defineExtension("morph", {
    isInlineSwap: (style: string) => style === "morph",
    handleSwap: (style: string, target: Node, fragment: Node) => {
      if (style !== "morph") return false;
      const nodes = fragment instanceof DocumentFragment ? [...fragment.children] : [fragment];
      const made = Idiomorph.morph(target as Element, nodes as never, { morphStyle: "outerHTML", ...rules });
      document.dispatchEvent(new Event("anlan:redrawn"));
      return made as never;
    },
  });
}

export type Heard = "ok" | "signed-out" | "refused" | "no-wire";

/** Asks for this page again and morphs its main part. */
export async function redraw(): Promise<Heard> {
  let text: string;
  try {
    const answer = await fetch(location.href, { headers: { "X-Refresh": "1" } });
    if (answer.redirected && new URL(answer.url).pathname !== location.pathname) return "signed-out";
    if (answer.status === 503 || answer.status === 502) return "no-wire";
    if (!answer.ok) return "refused";
    text = await answer.text();
  } catch {
    return "no-wire";
  }
  const fresh = new DOMParser().parseFromString(text, "text/html");
  const main = $("#main");
  const next = $("#main", fresh);
  if (!main || !next) return "refused";
  Idiomorph.morph(main, next.innerHTML, { morphStyle: "innerHTML", ...rules });
  htmx.process(main);
  document.title = fresh.title;
  document.dispatchEvent(new Event("anlan:redrawn"));
  return "ok";
}
