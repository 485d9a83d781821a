// SPDX-License-Identifier: AGPL-3.0-or-later
/** What happens to each file, before it leaves. */
import type { Tell, Telling } from "@corncrake/core/media/source";
import type { JSX } from "preact";
import { choiceOf, tellingOf, type Attached } from "../flows/draft";
import { inMb } from "../i18n/amounts";
import { fill, type Language, type Messages } from "../i18n/messages";

interface ReviewFileProps {
  readonly file: Attached;
  readonly say: Messages;
  readonly language: Language;
}

function listed(tells: readonly Tell[], say: Messages): string {
  return tells.map((tell) => say.tells[tell].toLocaleLowerCase()).join("; ");
}

function Cleaned({ telling, partial, say }: { telling: Telling; partial: boolean; say: Messages }): JSX.Element {
  const kept = partial ? telling.kept : [];
  const removed = [...telling.you, ...telling.event.filter((one) => !kept.includes(one))];
  return (
    <>
      <p>{say.review_plain_name}</p>
      <p>{removed.length === 0 ? say.review_nothing : fill(say.review_removed, { list: listed(removed, say) })}</p>
      {kept.length > 0 ? <p>{fill(say.review_stays, { list: listed(kept, say) })}</p> : null}
    </>
  );
}

function untouched(telling: Telling | undefined, say: Messages): JSX.Element {
  if (telling?.cleanable !== true) return <p class="alert">{say.review_as_it_is}</p>;
  const tells = [...telling.you, ...telling.event];
  return tells.length === 0 ? <p>{say.review_untouched_nothing}</p> : <p class="alert">{fill(say.review_untouched, { list: listed(tells, say) })}</p>;
}

function Untouched({ telling, say }: { telling: Telling | undefined; say: Messages }): JSX.Element {
  return (
    <>
      {untouched(telling, say)}
      <p>{say.review_own_name}</p>
    </>
  );
}

/** One file as the desk will get it. */
export function ReviewFile({ file, say, language }: ReviewFileProps): JSX.Element {
  const choice = choiceOf(file);
  const telling = tellingOf(file);
  const { name, size } = file.file;
  return (
    <section>
      <h2>{`${name} (${inMb(size, language)} MB)`}</h2>
      {file.telling === "unreadable" ? (
        <p class="alert">{fill(say.file_unreadable, { name })}</p>
      ) : telling === undefined ? (
        <p>{fill(say.file_looking, { name, done: inMb(file.read, language), total: inMb(size, language) })}</p>
      ) : choice === "keep" ? (
        <Untouched telling={telling} say={say} />
      ) : (
        <Cleaned telling={telling} partial={choice === "partial"} say={say} />
      )}
    </section>
  );
}
