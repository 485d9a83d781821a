// SPDX-License-Identifier: AGPL-3.0-or-later
/** Where the page begins: read the link, show the first screen. */
import { render } from "preact";
import { readLink } from "./flows/visit";
import { messages, preferredLanguage } from "./i18n/messages";
import { App } from "./ui/app";

const place = document.getElementById("page");
if (place !== null) {
  const language = preferredLanguage(navigator.languages);
  const link = readLink(window.location);
  place.replaceChildren();
  if (link === undefined) {
    document.documentElement.lang = language;
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
  } else render(<App link={link} first={language} />, place);
}
