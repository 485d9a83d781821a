# SPDX-License-Identifier: AGPL-3.0-or-later
"""What changes from one charter to the next, in lines for a person who is to agree with it.

Rules of this file: everything that changes has a line, also what nobody thought of: what has no words of its own is named by its field.

Source: crypto/spec/charter_change.md.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from corncrake_crypto.encoding import unb64url
from corncrake_crypto.recipients import Recipient
from corncrake_vault.keys.fingerprint import words_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from corncrake_crypto.charter import Charter, Desk, Recovery

_TOLD: Final = frozenset(
    {"sequence", "issued", "expires", "log", "desks", "couriers", "emergency", "organisation", "successions", "release_keys", "witnesses"}
)
_TEXT: Final = {
    "en": {
        "key": "key {key}, in words: {words}",
        "emergency": "THIS IS AN EMERGENCY: clients show it for 30 days",
        "desk": "desk {desk} is new",
        "closed": "desk {desk} is closed",
        "reads": "desk {desk}: {who} READS FROM NOW ON; {key}",
        "no_longer": "desk {desk}: {who} reads no longer; {key}",
        "recovery": "desk {desk}: A RECOVERY KEY for {quarter} READS FROM NOW ON, in words: {words}",
        "recovery_goes": "desk {desk}: a recovery key for {quarter} goes, in words: {words}",
        "voices": "desk {desk}: who answers: {new}; before: {old}",
        "min": "desk {desk}: at least {new} must be able to read; before: {old}",
        "form": "desk {desk}: another form, name or language",
        "courier": "courier {who} may come from now on; {key}",
        "no_courier": "courier {who} may come no longer",
        "log": "THE SERVER'S LOG IS A NEW ONE, {origin}; {key}",
        "succeeded": "THE ORGANISATION'S KEY IS ANOTHER ONE; {key}",
        "release": "a new release key signs the page; {key}",
        "no_release": "release key {key} goes",
        "witness": "{name} is a witness of the log; {key}",
        "no_witness": "{name} is no witness of the log any more",
        "threshold": "{new} of {of} witnesses must have cosigned the log",
        "field": "changed: {name}",
        "nothing": "nothing but its days",
        "since": "since charter {sequence}: {line}",
    },
    "es": {
        "key": "clave {key}, en palabras: {words}",
        "emergency": "ES UNA EMERGENCIA: los programas la muestran 30 días",
        "desk": "mesa {desk}: es nueva",
        "closed": "mesa {desk}: se cierra",
        "reads": "mesa {desk}: {who} LEE DESDE AHORA; {key}",
        "no_longer": "mesa {desk}: {who} ya no lee; {key}",
        "recovery": "mesa {desk}: UNA CLAVE DE RECUPERACIÓN para {quarter} LEE DESDE AHORA, en palabras: {words}",
        "recovery_goes": "mesa {desk}: se va una clave de recuperación para {quarter}, en palabras: {words}",
        "voices": "mesa {desk}: quién responde: {new}; antes: {old}",
        "min": "mesa {desk}: al menos {new} deben poder leer; antes: {old}",
        "form": "mesa {desk}: otro formulario, nombre o idioma",
        "courier": "mensajero {who}: puede venir desde ahora; {key}",
        "no_courier": "mensajero {who}: ya no puede venir",
        "log": "EL REGISTRO DEL SERVIDOR ES OTRO, {origin}; {key}",
        "succeeded": "LA CLAVE DE LA ORGANIZACIÓN ES OTRA; {key}",
        "release": "una nueva clave de publicación firma la página; {key}",
        "no_release": "se va la clave de publicación {key}",
        "witness": "{name} es testigo del registro; {key}",
        "no_witness": "{name} ya no es testigo del registro",
        "threshold": "{new} de {of} testigos deben haber refrendado el registro",
        "field": "cambia: {name}",
        "nothing": "nada más que sus días",
        "since": "desde la carta {sequence}: {line}",
    },
}


class _Teller:
    """Says things in a language, keys in words of another where it must be."""

    def __init__(self, words: str, text: str) -> None:
        self.words = words
        self.text = _TEXT[text]

    def line(self, what: str, **values: object) -> str:
        return self.text[what].format(**values)

    def key(self, public: str) -> str:
        return self.line("key", key=public, words=words_of(unb64url(public, 32), self.words))

    def readers(self, old: Desk, new: Desk) -> list[str]:
        before, after = {(one.id, one.identity) for one in old.reviewers}, {(one.id, one.identity) for one in new.reviewers}
        lines = [self.line("reads", desk=new.id, who=who, key=self.key(identity)) for who, identity in sorted(after - before)]
        lines += [self.line("no_longer", desk=new.id, who=who, key=self.key(identity)) for who, identity in sorted(before - after)]
        return lines + self._recovery(old.recovery or (), new)

    def _recovery(self, known: Sequence[Recovery], new: Desk) -> list[str]:
        before, after = ({entry.recipient: entry.quarter for entry in entries} for entries in (known, new.recovery or ()))
        lines = [self._recovery_line("recovery", new, key, quarter) for key, quarter in after.items() if key not in before]
        return lines + [self._recovery_line("recovery_goes", new, key, quarter) for key, quarter in before.items() if key not in after]

    def _recovery_line(self, what: str, desk: Desk, key: str, quarter: str) -> str:
        # The words of the sheets; the key itself has some 1,900 characters.
        return self.line(what, desk=desk.id, quarter=quarter, words=words_of(Recipient.from_text(key).raw, self.words))

    def desk(self, old: Desk, new: Desk) -> list[str]:
        lines = self.readers(old, new)
        if old.voices != new.voices:
            lines.append(self.line("voices", desk=new.id, new=", ".join(new.voices), old=", ".join(old.voices)))
        if old.min != new.min:
            lines.append(self.line("min", desk=new.id, new=new.min, old=old.min))
        if (old.form, old.names, old.languages) != (new.form, new.names, new.languages):
            lines.append(self.line("form", desk=new.id))
        return lines

    def new_desk(self, desk: Desk) -> list[str]:
        lines = [self.line("desk", desk=desk.id)]
        lines += [self.line("reads", desk=desk.id, who=one.id, key=self.key(one.identity)) for one in desk.reviewers]
        return lines + self._recovery((), desk)

    def couriers(self, old: Charter | None, new: Charter) -> list[str]:
        before = {(one.id, one.key) for one in old.couriers} if old is not None else set[tuple[str, str]]()
        after = {(one.id, one.key) for one in new.couriers}
        lines = [self.line("courier", who=who, key=self.key(key)) for who, key in sorted(after - before)]
        return lines + [self.line("no_courier", who=who) for who, _ in sorted(before - after)]

    def organisation(self, old: Charter, new: Charter) -> list[str]:
        other = old.organisation.key != new.organisation.key
        lines = [self.line("succeeded", key=self.key(new.organisation.key))] if other else []
        return lines + ([self.line("field", name="organisation")] if old.organisation.names != new.organisation.names else [])

    def page(self, old: Charter | None, new: Charter) -> list[str]:
        before, after = (one.release_keys if one is not None else () for one in (old, new))
        lines = [self.line("release", key=self.key(key)) for key in after if key not in before]
        return lines + [self.line("no_release", key=key) for key in before if key not in after]

    def witnesses(self, old: Charter | None, new: Charter) -> list[str]:
        before, after = (one.witnesses.keys if one is not None and one.witnesses is not None else () for one in (old, new))
        lines = [self.line("witness", name=one.name, key=self.key(one.key)) for one in after if one not in before]
        lines += [self.line("no_witness", name=one.name) for one in before if one not in after]
        needed = [one.witnesses.threshold if one is not None and one.witnesses is not None else 0 for one in (old, new)]
        if (needed[0], len(before)) != (needed[1], len(after)):
            lines.append(self.line("threshold", new=needed[1], of=len(after)))
        return lines


def describe(old: Charter | None, new: Charter, words: str = "en", text: str = "en") -> list[str]:
    """Return what `new` changes, all that it says about people when there is none before it.

    Args:
        old: the one before.
        new: the one that follows.
        words: the language of the words that keys are compared by.
        text: the language of the rest: `en` or `es`.
    """
    tell = _Teller(words, text)
    before = {desk.id: desk for desk in old.desks} if old is not None else {}
    lines = [tell.line("emergency")] if new.emergency else []
    for desk in new.desks:
        lines += tell.desk(before[desk.id], desk) if desk.id in before else tell.new_desk(desk)
    lines += [tell.line("closed", desk=desk) for desk in sorted(before.keys() - {desk.id for desk in new.desks})]
    lines += tell.couriers(old, new)
    lines += [*tell.page(old, new), *tell.witnesses(old, new)]
    if old is not None and old.log != new.log:
        lines.append(tell.line("log", origin=new.log.origin, key=tell.key(new.log.key)))
    if old is not None:
        lines += tell.organisation(old, new)
        changed = [name for name in new.__struct_fields__ if name not in _TOLD and getattr(old, name) != getattr(new, name)]
        lines += [tell.line("field", name=name.replace("_", " ")) for name in changed]
    return lines or [tell.line("nothing")]


def describe_signed(old: Charter | None, agreed: Charter | None, new: Charter, words: str = "en", text: str = "en") -> list[str]:
    """Return what `new` changes, and what it changes besides since `agreed`, the newest charter before it that is known to have lacked nothing."""
    lines = describe(old, new, words, text)
    if agreed is None or old is None or agreed.sequence == old.sequence:
        return lines
    tell = _Teller(words, text)
    return lines + [tell.line("since", sequence=agreed.sequence, line=line) for line in describe(agreed, new, words, text) if line not in lines]
