// SPDX-License-Identifier: AGPL-3.0-or-later
/** What stands around every screen: the language, the way out, and the warning before something is lost. */
import type { JSX } from "preact";
import { useLayoutEffect } from "preact/hooks";
import { LANGUAGES, type Language, type Messages } from "../i18n/messages";

let leaving = false;

/** Replace the page, at once, by an empty one; nothing is left to go back to, and nothing is asked. */
function leave(): void {
  leaving = true;
  document.body.replaceChildren();
  window.location.replace("about:blank");
}

/** The bar on top of every screen. */
export function Bar({ say, language, onLanguage, locked }: { say: Messages; language: Language; onLanguage: (language: Language) => void; locked: boolean }): JSX.Element {
  return (
    <header>
      <div>
        {locked ? (
          <span />
        ) : (
          <label>
            <span class="visually-hidden">{say.language}</span>
            <select value={language} onChange={(event) => { onLanguage(event.currentTarget.value as Language); }}>
              {LANGUAGES.map((one) => (
                <option key={one.id} value={one.id} lang={one.id}>
                  {one.name}
                </option>
              ))}
            </select>
          </label>
        )}
        <button type="button" title={say.leave_hint} onClick={leave}>
          {say.leave}
        </button>
      </div>
    </header>
  );
}

/** Warn before the page goes while something would be lost with it. */
export function useWarning(needed: boolean): void {
  // Before the next frame, not after it: the first letter typed is already something to lose.
  useLayoutEffect(() => {
    if (!needed) return undefined;
    const warn = (event: BeforeUnloadEvent): void => { if (!leaving) event.preventDefault(); };
    window.addEventListener("beforeunload", warn);
    return () => { window.removeEventListener("beforeunload", warn); };
  }, [needed]);
}
