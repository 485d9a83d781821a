// SPDX-License-Identifier: AGPL-3.0-or-later
/** The first screen of a saved page that was opened without a link: a phone opens a file by its name alone. */
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { pastedLink } from "../flows/saved";
import type { Link } from "../flows/visit";
import { messages, type Language } from "../i18n/messages";
import { Action, Alert, Heading, TextField } from "./controls";
import { Bar } from "./frame";

/** Ask for the organisation's link. Nothing leaves before it is there. */
export function AskLink({ first, onLink }: { first: Language; onLink: (link: Link, language: Language) => void }): JSX.Element {
  const [language, setLanguage] = useState(first);
  const [text, setText] = useState("");
  const [wrong, setWrong] = useState(false);
  const say = messages(language);
  const go = (): void => {
    const link = pastedLink(text);
    if (link === undefined) setWrong(true);
    else onLink(link, language);
  };
  return (
    <>
      <Bar say={say} language={language} onLanguage={setLanguage} locked={false} />
      <main>
        <Heading>{say.link_heading}</Heading>
        <p>{say.link_why}</p>
        {wrong ? <Alert>{say.link_wrong}</Alert> : null}
        <TextField id="link" label={say.link_label} hint={say.link_hint} value={text} onValue={setText} />
        <Action main wide onClick={go}>
          {say.next}
        </Action>
      </main>
    </>
  );
}
