// SPDX-License-Identifier: AGPL-3.0-or-later
/** The few controls that every screen is made of. */
import type { ComponentChildren, JSX } from "preact";
import { useLayoutEffect, useRef } from "preact/hooks";

/** The heading of a screen. It takes the focus when the screen appears, so that a screen reader begins there. */
export function Heading({ children }: { children: ComponentChildren }): JSX.Element {
  const place = useRef<HTMLHeadingElement>(null);
  // With the screen itself, not a frame later: what somebody types at once must not be taken out of their hands.
  useLayoutEffect(() => {
    place.current?.focus();
    window.scrollTo(0, 0);
  }, []);
  return (
    <h1 tabIndex={-1} ref={place}>
      {children}
    </h1>
  );
}

/** Something went wrong: what happened, whether anything was lost, what to do. Read out at once. */
export function Alert({ children }: { children: ComponentChildren }): JSX.Element {
  return (
    <div class="alert" role="alert">
      {children}
    </div>
  );
}

interface TextFieldProps {
  readonly id: string;
  readonly label: string;
  readonly hint?: string | undefined;
  readonly value: string;
  readonly long?: boolean;
  readonly disabled?: boolean;
  readonly onValue: (value: string) => void;
}

/**
 * A line or a sheet of text, with nothing of the browser's memory in it. Its spelling is not looked at, and nothing is proposed: some browsers send what is typed
 * to their makers for that.
 */
export function TextField({ id, label, hint, value, long, disabled, onValue }: TextFieldProps): JSX.Element {
  const shared = {
    id,
    value,
    disabled: disabled === true,
    autocomplete: "off",
    spellcheck: false,
    writingsuggestions: "false",
    ...(hint === undefined ? {} : { "aria-describedby": `${id}-hint` }),
  };
  return (
    <div class="field">
      <label for={id}>{label}</label>
      {hint === undefined ? null : (
        <p class="hint" id={`${id}-hint`}>
          {hint}
        </p>
      )}
      {long === true ? (
        <textarea {...shared} onInput={(event) => { onValue(event.currentTarget.value); }} />
      ) : (
        <input {...shared} type="text" autocapitalize="none" onInput={(event) => { onValue(event.currentTarget.value); }} />
      )}
    </div>
  );
}

interface ChoiceProps {
  readonly kind: "checkbox" | "radio";
  readonly name: string;
  readonly label: string;
  readonly checked: boolean;
  readonly onChange: (checked: boolean) => void;
}

/** One box to tick, or one of several to choose. */
export function Choice({ kind, name, label, checked, onChange }: ChoiceProps): JSX.Element {
  return (
    <label class="choice">
      <input type={kind} name={name} checked={checked} onChange={(event) => { onChange(event.currentTarget.checked); }} />
      <span>{label}</span>
    </label>
  );
}

interface ActionProps {
  readonly children: ComponentChildren;
  readonly main?: boolean;
  readonly wide?: boolean;
  readonly disabled?: boolean;
  readonly onClick: () => void;
}

/** A button. */
export function Action({ children, main, wide, disabled, onClick }: ActionProps): JSX.Element {
  const names = [main === true ? "main" : "", wide === true ? "wide" : ""].join(" ").trim();
  return (
    <button type="button" class={names} disabled={disabled === true} onClick={onClick}>
      {children}
    </button>
  );
}
