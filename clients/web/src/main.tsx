// SPDX-License-Identifier: AGPL-3.0-or-later
/** Where the page begins: read the link, show the first screen. */
import { render } from "preact";
import { SAVED } from "./flows/saved";
import { readLink, type Link } from "./flows/visit";
import { messages, preferredLanguage, type Language } from "./i18n/messages";
import { setServer } from "./transport/address";
import { App } from "./ui/app";
import { AskLink } from "./ui/link_screen";

const place = document.getElementById("page");

function begin(here: Element, link: Link, language: Language): void {
  setServer(link.origin);
  render(<App link={link} first={language} />, here);
}

if (place !== null) {
  const language = preferredLanguage(navigator.languages);
  const link = readLink(window.location, SAVED);
  document.documentElement.lang = language;
  place.replaceChildren();
  if (link !== undefined) begin(place, link, language);
  else if (SAVED) render(<AskLink first={language} onLink={(found, chosen) => { begin(place, found, chosen); }} />, place);
  else {
    render(
      <main>
        <p>
          <button type="button" onClick={() => { window.location.replace("about:blank"); }}>
            {messages(language).leave}
          </button>
        </p>
        <h1>{messages(language).failed_heading}</h1>
        <p role="alert">{messages(language).failed_link}</p>
      </main>,
      place,
    );
  }
}
