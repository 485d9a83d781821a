# SPDX-License-Identifier: Apache-2.0
"""Another implementation, npm `age-encryption`, run by node in `clients/`: it makes the keys and files that the cases begin with."""

from __future__ import annotations

import base64
import json
import shutil
import subprocess
import sys
from pathlib import Path

from corncrake_crypto.encoding import bech32_encode

CLIENTS = Path(__file__).parents[3] / "clients"
SEEDS = [bytes([number]) * 32 for number in (1, 2, 3)]
SECRETS = [bech32_encode("AGE-SECRET-KEY-PQ-", seed) for seed in SEEDS]
_SCRIPT = """
import * as age from 'age-encryption';
const { secrets, plaintext } = JSON.parse(process.argv[1]);
const recipients = await Promise.all(secrets.map((secret) => age.identityToRecipient(secret)));
let file = '';
if (plaintext !== null) {
  const encrypter = new age.Encrypter();
  for (const recipient of recipients) encrypter.addRecipient(recipient);
  file = Buffer.from(await encrypter.encrypt(new Uint8Array(Buffer.from(plaintext, 'base64')))).toString('base64');
}
process.stdout.write(JSON.stringify({ recipients, file }));
"""


def _run(secrets: list[str], plaintext: bytes | None) -> dict[str, str | list[str]]:
    beside = Path(sys.executable).parent / "node"
    node = str(beside) if beside.exists() else shutil.which("node") or "node"
    asked = json.dumps({"secrets": secrets, "plaintext": None if plaintext is None else base64.b64encode(plaintext).decode()})
    done = subprocess.run(  # noqa: S603 - our own script
        [node, "--input-type=module", "-e", _SCRIPT, asked], cwd=CLIENTS, check=True, capture_output=True, text=True
    )
    return json.loads(done.stdout)


def recipient_of(secret: str) -> str:
    """Return the `age1pq1…` text for an `AGE-SECRET-KEY-PQ-1…` text."""
    return str(_run([secret], None)["recipients"][0])


def seal(plaintext: bytes, secrets: list[str]) -> bytes:
    """Return an age file for the recipients of these secrets."""
    return base64.b64decode(str(_run(secrets, plaintext)["file"]))
