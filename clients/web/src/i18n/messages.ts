// SPDX-License-Identifier: AGPL-3.0-or-later
/** Which languages the page speaks, and how a sentence gets its numbers. */
import { en, type Messages } from "./en";
import { es } from "./es";

export type { Messages } from "./en";
export type Language = "en" | "es";

export const LANGUAGES: readonly { id: Language; name: string }[] = [
  { id: "en", name: "English" },
  { id: "es", name: "Español" },
];

const ALL: Record<Language, Messages> = { en, es };

/** Return the sentences of a language. */
export function messages(language: Language): Messages {
  return ALL[language];
}

/** Choose the first of the browser's languages that the page speaks; English where it speaks none. */
export function preferredLanguage(wanted: readonly string[]): Language {
  for (const tag of wanted) {
    const found = LANGUAGES.find((one) => tag.toLowerCase().startsWith(one.id));
    if (found !== undefined) return found.id;
  }
  return "en";
}

/** Put values into the `{name}` marks of a sentence. */
export function fill(sentence: string, values: Readonly<Record<string, string | number>>): string {
  return sentence.replace(/\{([a-z]+)\}/g, (mark, name: string) => (name in values ? String(values[name]) : mark));
}

/** Choose a text of the desk's own words: the wanted language, else English, else whichever stands first. */
export function localised(texts: Readonly<Record<string, string>>, language: Language): string {
  return texts[language] ?? texts["en"] ?? Object.values(texts)[0] ?? "";
}
