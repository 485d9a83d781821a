# SPDX-License-Identifier: AGPL-3.0-or-later
"""What stands on a ceremony's paper, in the languages that it is printed in.

Rules of this file: only letters that the fonts of every PDF reader have. Each language has the same texts.
"""

from __future__ import annotations

from typing import Final

LANGUAGES: Final = ("en", "es")
TEXT: Final = {
    "en": {
        "record": "Record of a ceremony",
        "day": "Day",
        "tested": "{needed} of the {made} sheets were read back and gave the key; with one of them fewer, nothing came back.",
        "tested_some": "{needed} sheets were read back and gave the key; with one of them fewer, nothing came back.",
        "sheets_until": "The sheets must be destroyed after {day}.",
        "sheets_for_good": "The sheets are kept until the organisation has a new key.",
        "made": "The key was made in this vault. It signs nothing before its paper was read back.",
        "recovered": "{needed} sheets gave the key back, on a new machine.",
        "destroyed": "Set {number}, {needed} of {made} sheets: {what}. All are destroyed; what only they opened, nobody opens any more.",
        "countersigned": "{who} has countersigned this charter, after comparing the words of everybody whom it lets in.",
        "charter": "Charter {sequence}, good until {until}",
        "recovery": "The recovery key",
        "root": "The organisation's root, which never changes",
        "organisation": "The organisation's present key",
        "successor": "The organisation's next key, which signs nothing yet",
        "reviewer": "The key of who countersigned",
        "present": "Who was there (name, signature)",
        "share": "Share {place} of {made}",
        "together": "Any {needed} of these {made} sheets together give the key back. One alone gives nothing.",
        "keep": "Keep it where nobody else looks. Never type it into a machine that has a network, never photograph it.",
        "until": "Destroy this sheet after {day}.",
        "for_good": "Keep it until the organisation has a new key.",
        "key": "The public key, in words",
        "in_english": "The words are the English ones: the letters of the other language cannot be printed here.",
    },
    "es": {
        "record": "Acta de una ceremonia",
        "day": "Día",
        "tested": "Se leyeron {needed} de las {made} hojas y dieron la clave; con una menos no salió nada.",
        "tested_some": "Se leyeron {needed} hojas y dieron la clave; con una menos no salió nada.",
        "sheets_until": "Las hojas deben destruirse después del {day}.",
        "sheets_for_good": "Las hojas se guardan hasta que la organización tenga una clave nueva.",
        "made": "La clave se hizo en esta bóveda. No firma nada hasta que se lea su papel.",
        "recovered": "{needed} hojas devolvieron la clave, en una máquina nueva.",
        "destroyed": "Juego {number}, {needed} de {made} hojas: {what}. Están todas destruidas; lo que solo ellas abrían ya no lo abre nadie.",
        "countersigned": "{who} ha refrendado esta carta, después de comparar las palabras de todas las personas a las que deja entrar.",
        "charter": "Carta {sequence}, vale hasta {until}",
        "recovery": "La clave de recuperación",
        "root": "La raíz de la organización, que no cambia nunca",
        "organisation": "La clave actual de la organización",
        "successor": "La clave siguiente de la organización, que todavía no firma nada",
        "reviewer": "La clave de quien ha refrendado",
        "present": "Quién estuvo (nombre, firma)",
        "share": "Parte {place} de {made}",
        "together": "{needed} cualesquiera de estas {made} hojas juntas devuelven la clave. Una sola no da nada.",
        "keep": "Guárdela donde nadie más mire. No la escriba nunca en una máquina con red ni le haga fotos.",
        "until": "Destruya esta hoja después del {day}.",
        "for_good": "Guárdela hasta que la organización tenga una clave nueva.",
        "key": "La clave pública, en palabras",
        "in_english": "Las palabras son las inglesas: las letras del otro idioma no se pueden imprimir aquí.",
    },
}
TITLES: Final = {
    "en": {
        "create": "The organisation's key is made",
        "successor": "The organisation's next key is made",
        "recover": "The organisation's key is back from paper",
        "shares-destroyed": "Sheets are destroyed",
        "countersign": "A charter is countersigned",
        "test-shares": "The organisation's key is on paper",
        "drill": "A drill with a recovery key",
        "charter": "A charter",
        "enrol": "A reviewer comes",
        "retire": "A reviewer goes",
        "revoke": "A stolen vault is revoked",
        "add-courier": "A courier comes",
        "remove-courier": "A courier goes",
        "new-log": "The server begins a new log",
        "renew": "The charter is renewed",
        "succeed": "The organisation's key is handed over",
        "recovery": "A recovery key",
        "again": "A charter, written once more",
    },
    "es": {
        "create": "Se hace la clave de la organización",
        "successor": "Se hace la clave siguiente de la organización",
        "recover": "La clave de la organización vuelve del papel",
        "shares-destroyed": "Se destruyen hojas",
        "countersign": "Una carta se refrenda",
        "test-shares": "La clave de la organización está en papel",
        "drill": "Un simulacro con una clave de recuperación",
        "charter": "Una carta",
        "enrol": "Viene alguien que lee",
        "retire": "Se va alguien que leía",
        "revoke": "Se revoca una bóveda robada",
        "add-courier": "Viene un mensajero",
        "remove-courier": "Se va un mensajero",
        "new-log": "El servidor empieza otro registro",
        "renew": "La carta se renueva",
        "succeed": "La clave de la organización pasa a otra",
        "recovery": "Una clave de recuperación",
        "again": "Una carta, escrita otra vez",
    },
}
SHEET_OF_ORGANISATION: Final = {"en": "The organisation's key", "es": "La clave de la organización"}
SHEET_OF_RECOVERY: Final = {"en": "Recovery of the desk {desk}, {quarter}", "es": "Recuperación de la mesa {desk}, {quarter}"}
"""Titles of sheets, by the language of the paper."""
