// SPDX-License-Identifier: Apache-2.0
/** How the cases of each noun are run; the twin of the runners in Python. */
import { wordlist as czech } from "@scure/bip39/wordlists/czech.js";
import { wordlist as english } from "@scure/bip39/wordlists/english.js";
import { wordlist as french } from "@scure/bip39/wordlists/french.js";
import { wordlist as italian } from "@scure/bip39/wordlists/italian.js";
import { wordlist as japanese } from "@scure/bip39/wordlists/japanese.js";
import { wordlist as korean } from "@scure/bip39/wordlists/korean.js";
import { wordlist as portuguese } from "@scure/bip39/wordlists/portuguese.js";
import { wordlist as simplified } from "@scure/bip39/wordlists/simplified-chinese.js";
import { wordlist as spanish } from "@scure/bip39/wordlists/spanish.js";
import { wordlist as traditional } from "@scure/bip39/wordlists/traditional-chinese.js";
import { expect } from "vitest";
import * as age from "../src/age_format";
import * as archive from "../src/archive";
import * as block from "../src/block";
import * as charter from "../src/charter";
import * as checkpoint from "../src/checkpoint";
import { Codename, complete, WordError, type Purpose } from "../src/codename";
import * as edition from "../src/edition";
import * as encoding from "../src/encoding";
import { CorncrakeError } from "../src/errors";
import { fileTag } from "../src/file_identity";
import { readForm } from "../src/form";
import { Identity } from "../src/identities";
import * as merkle from "../src/merkle";
import * as note from "../src/note";
import * as padding from "../src/padding";
import { utf8 } from "../src/platform";
import * as prekeys from "../src/prekeys";
import { verifyProof } from "../src/proof";
import * as receipt from "../src/receipt";
import { Recipient } from "../src/recipients";
import * as reply from "../src/reply";
import * as report from "../src/report";
import { seal } from "../src/seal";
import * as signatures from "../src/signatures";
import * as stamp from "../src/stamp";
import { unseal } from "../src/unseal";

/** One case, as it stands in its file: fields differ by noun, and a wrong one fails the case. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- vectors are data of many shapes; a cast per field would hide no fewer mistakes
export type Case = Readonly<Record<string, any>> & { readonly do?: string; readonly failure: string | null };

type Runner = (one: Case) => void | Promise<void>;

/* eslint-disable @typescript-eslint/no-unsafe-argument, @typescript-eslint/no-unsafe-assignment, @typescript-eslint/no-unsafe-member-access, @typescript-eslint/no-unsafe-call, @typescript-eslint/no-unsafe-return -- as above */

const LISTS: Readonly<Record<string, readonly string[]>> = {
  en: english,
  es: spanish,
  fr: french,
  it: italian,
  pt: portuguese,
  cs: czech,
  ja: japanese,
  ko: korean,
  zh_hans: simplified,
  zh_hant: traditional,
};

const fromHex = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text, "hex"));
const from64 = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text, "base64"));
const to64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString("base64");
const root = (text: string): Uint8Array => encoding.parseRoot(text);

/** The plaintext of a case, whose fill of zeros is not written out. */
function padded(one: Case): Uint8Array {
  const plaintext = new Uint8Array(one["plaintext_length"]);
  plaintext.set(from64(one["plaintext_base64"]));
  return plaintext;
}

/** What is done by vault, courier or log alone, and so has no twin here. */
const done = (): void => undefined;
export const NOT_A_REPORTERS: Readonly<Record<string, string>> = {
  "report.check_addressed": "the vault checks where a report was meant to go",
  "report.check_sealed_to": "the vault checks which prekey opened",
  "block.check_place": "the vault puts files together",
  "reply.build_reply": "the vault writes replies",
  "receipt.read_openings": "couriers and vaults read openings",
  "merkle.frontier": "log and vault keep a frontier",
  "merkle.decode_frontier": "log and vault keep a frontier",
};

function each(noun: string, runners: Readonly<Record<string, Runner>>): Runner {
  return (one) => {
    const runner = runners[one.do ?? ""];
    if (runner === undefined && `${noun}.${one.do ?? ""}` in NOT_A_REPORTERS) {
      if (one.failure !== null) throw new SkippedFailure(one.failure);
      done(); return;
    }
    if (runner === undefined) throw new Error(`${noun} has no ${one.do ?? ""}`);
    return runner(one);
  };
}

/** Stands for the failure of a case that is not a reporter's to run. */
class SkippedFailure extends CorncrakeError {
  constructor(word: string) {
    super(word as CorncrakeError["failure"], "not run");
  }
}

const DECODE: Readonly<Record<string, (text: string, length: number) => Uint8Array>> = {
  b64url: encoding.unb64url,
  hex: encoding.unhex,
  base64_nopad: encoding.unb64stdNopad,
  base64_padded: encoding.unb64std,
  root: (text) => encoding.parseRoot(text),
};
const ENCODE: Readonly<Record<string, (data: Uint8Array) => string>> = {
  b64url: encoding.b64url,
  hex: encoding.hex,
  base64_nopad: encoding.b64stdNopad,
  base64_padded: encoding.b64std,
  root: encoding.rootText,
};

const encodingRunner = each("encoding", {
  decode: (one) => {
    const data = DECODE[one["form"]]?.(one["text"], one["length"]) ?? new Uint8Array();
    expect(encoding.hex(data)).toBe(one["expected_hex"]);
    expect(ENCODE[one["form"]]?.(data)).toBe(one["text"]);
  },
  bech32_decode: (one) => {
    const { hrp, data } = encoding.bech32Decode(one["text"]);
    expect([hrp, encoding.hex(data)]).toEqual([one["expected_hrp"], one["expected_hex"]]);
    expect(encoding.bech32Encode(hrp, data)).toBe(one["text"]);
  },
  parse_day: (one) => {
    const time = new Date(encoding.dayNumber(one["text"]) * 86_400_000);
    expect({ year: time.getUTCFullYear(), month: time.getUTCMonth() + 1, day: time.getUTCDate() }).toEqual(one["expected"]);
  },
  decode_canonical: (one) => {
    const raw = "raw_text" in one ? utf8(one["raw_text"]) : from64(one["raw_base64"]);
    expect(to64(encoding.canonical(encoding.decodeCanonical(raw)))).toBe(to64(raw));
  },
  repair_text: (one) => {
    expect(encoding.repairText(String.fromCharCode(...one["units"]))).toBe(one["expected_text"]);
  },
});

const ageRunner = each("age_format", {
  parse_header: (one) => {
    const header = age.parseHeader(from64(one["file_base64"]));
    expect(header.stanzas.length).toBe(one["expected"].stanzas.length);
    expect(header.stanzas.map((stanza) => stanza.type)).toEqual(one["expected"].stanzas.map((stanza: { type: string }) => stanza.type));
  },
  check_sealed_shape: (one) => {
    expect(age.checkSealedShape(from64(one["file_base64"]), one["recipients"], one["classes"])).toBe(one["expected"]);
  },
});

const archiveRunner = each("archive", {
  read_archive: (one) => {
    const members = archive.readArchive(from64(one["archive_base64"]));
    expect(members.map((member) => ({ name: member.name, data_base64: to64(member.data) }))).toEqual(one["expected"]);
  },
  write_archive: (one) => {
    const members = one["members"].map((member: { name: string; data_base64: string }) => ({ name: member.name, data: from64(member.data_base64) }));
    expect(to64(archive.writeArchive(members, one["size"]))).toBe(one["expected_base64"]);
  },
});

const blockRunner = each("block", {
  block_ids: (one) => { expect([...block.blockIds(fromHex(one["block_key_hex"]), one["count"])]).toEqual(one["expected"]); },
  plan: (one) => {
    const plan = block.planBlocks(one["size"]);
    expect({ class: plan.blockClass, data_blocks: plan.dataBlocks, total_blocks: plan.totalBlocks }).toEqual(one["expected"]);
  },
  read_block: (one) => {
    const opened = block.readBlock(padded(one));
    expect(opened.block).toEqual(one["expected"]);
    expect(to64(opened.data)).toBe(one["expected_base64"]);
  },
  write_block: (one) => { expect(note.sha256Hex(block.writeBlock(one["block"], from64(one["data_base64"]), one["class"]))).toBe(one["expected_sha256"]); },
});

const charterRunner = each("charter", {
  root_of: (one) => { expect(encoding.rootText(charter.rootOf(fromHex(one["public_hex"])))).toBe(one["expected_text"]); },
  tells_emergency: (one) => {
    const opened = charter.openCharter(utf8(one["note_text"]), { root: root(one["root"]), origin: undefined, today: one["today"] });
    expect(charter.tellsEmergency(opened.charter, one["today"])).toBe(one["expected"]);
  },
  open_charter: (one) => {
    const opened = charter.openCharter(utf8(one["note_text"]), {
      root: root(one["root"]),
      origin: one["origin"] ?? undefined,
      today: one["today"],
      floor: one["floor"] ?? undefined,
    });
    expect({ sequence: opened.charter.sequence, sha256: opened.sha256 }).toEqual(one["expected"]);
  },
});

const codenameRunner = each("codename", {
  words: (one) => {
    const list = LISTS[one["language"]] ?? [];
    const codename = Codename.fromEntropy(fromHex(one["entropy_hex"]));
    const words = codename.words(list).join(" ");
    expect(words.normalize("NFKD")).toBe(one["expected_text"]);
    expect(Codename.fromWords(words, list).words(list).join(" ")).toBe(words);
  },
  from_words: (one) => {
    // A page knows its language; without one, the list of the case's expectation is English or Spanish.
    const lists = one["language"] === null ? [english, spanish] : [LISTS[one["language"]] ?? []];
    let found: Codename | undefined;
    let last: unknown;
    for (const list of lists) {
      try {
        found ??= Codename.fromWords(one["text"], list);
      } catch (error) {
        if (error instanceof WordError && one["language"] !== null) expect(error.positions).toEqual(one["expected_positions"]);
        // All of them words of one list says more than some of them no words of another.
        if (!(last instanceof CorncrakeError) || last.failure !== "checksum") last = error;
      }
    }
    if (found === undefined) throw last;
    expect(found.words(english)).toEqual(Codename.fromEntropy(fromHex(one["expected_hex"])).words(english));
  },
  complete: (one) => {
    const found = complete(one["prefix"], LISTS[one["language"]] ?? []).map((word) => word.normalize("NFKD"));
    expect(found).toEqual(one["expected"]);
  },
  derive: (one) => {
    const key = Codename.fromEntropy(fromHex(one["entropy_hex"])).derive(one["purpose"] as Purpose, one["desk"], fromHex(one["root_hex"]));
    expect(encoding.hex(key)).toBe(one["expected_hex"]);
  },
  thread_id: (one) => {
    expect(reply.threadIdOf(Codename.fromEntropy(fromHex(one["entropy_hex"])), fromHex(one["root_hex"]), one["desk"])).toBe(one["expected"]);
  },
});

const editionRunner = each("edition", {
  open_edition: (one) => {
    const opened = edition.openEdition(utf8(one["note_text"]), {
      root: root(one["root"]),
      desk: one["desk"],
      reviewer: one["reviewer"],
      identity: fromHex(one["identity_hex"]),
    });
    expect({ number: opened.edition.number, sha256: opened.sha256 }).toEqual(one["expected"]);
  },
  check_heads: (one) => {
    const opened = charter.openCharter(utf8(one["charter_text"]), { root: root(one["root"]), origin: undefined, today: one["clock_day"] });
    const heads = edition.newestHeads(opened, one["desk"], one["heads"].map(utf8));
    const presence = edition.checkHeads(opened, heads, one["clock_day"]);
    expect({ numbers: heads.map((head) => head.edition.number), today: presence.today, last_seen: presence.lastSeen ?? null, quiet: presence.quiet }).toEqual(
      one["expected"],
    );
  },
  unseen_voices: (one) => {
    const opened = charter.openCharter(utf8(one["charter_text"]), { root: root(one["root"]), origin: undefined, today: one["today"] });
    const heads = edition.newestHeads(opened, one["desk"], one["heads"].map(utf8));
    const found = edition.unseenVoices(opened, one["desk"], heads, one["today"]);
    expect(found.map((voice) => [voice.reviewer, voice.lastSeen ?? null])).toEqual(one["expected"]);
  },
  bucket: (one) => { expect(edition.bucketOf(one["desk"], fromHex(one["thread_hex"]), one["bits"])).toBe(one["expected"]); },
  reply_tag: (one) => {
    const tag = edition.replyTag(fromHex(one["reply_tag_hex"]), fromHex(one["thread_hex"]), one["desk"], one["reviewer"], one["number"], one["part"]);
    expect(encoding.hex(tag)).toBe(one["expected_hex"]);
  },
  read_tile: (one) => {
    const parts = (one["tag_bytes"] as number[]).flatMap((tag, slot) => [new Uint8Array(16).fill(tag), new Uint8Array(7_803).fill(slot)]);
    const tile = edition.readTile(encoding.concat(...parts), one["slots"], one["sha256"]);
    expect(edition.findSlot(tile, fromHex(one["tag_hex"]))?.[0] ?? null).toBe(one["expected_slot"]);
  },
});

const merkleRunner = each("merkle", {
  tree_root: (one) => { expect(encoding.hex(merkle.treeRoot(one["entries_hex"].map((entry: string) => merkle.leafHash(fromHex(entry)))))).toBe(one["expected_hex"]); },
  verify_inclusion: (one) => {
    merkle.verifyInclusion(one["index"], one["size"], fromHex(one["leaf_hex"]), one["path_hex"].map(fromHex), fromHex(one["root_hex"]));
  },
  verify_consistency: (one) => {
    merkle.verifyConsistency(one["old"], one["new"], one["path_hex"].map(fromHex), fromHex(one["old_root_hex"]), fromHex(one["new_root_hex"]));
  },
});

const noteRunner = each("note", {
  open_note: (one) => {
    const raw = "note_base64" in one ? from64(one["note_base64"]) : utf8(one["note_text"]);
    const keys = one["keys"].map((key: { name: string; public_hex: string }) => ({ name: key.name, key: fromHex(key.public_hex) }));
    expect(note.openNote(raw, keys, one["required"] === null || one["required"] === undefined ? {} : { required: one["required"] })).toBe(one["expected_text"]);
  },
  read_bundle: (one) => { expect(note.readBundle(utf8(one["bundle_text"])).map((raw) => Buffer.from(raw).toString())).toEqual(one["expected"]); },
});

const prekeysRunner = each("prekeys", {
  epoch_of: (one) => { expect(prekeys.epochOf(one["day"])).toBe(one["expected"]); },
  choose_recipients: (one) => {
    const opened = charter.openCharter(utf8(one["charter_text"]), { root: root(one["root"]), origin: undefined, today: one["today"] });
    const chosen = prekeys.chooseRecipients(opened.charter, one["desk"], one["epoch"], one["notes"].map(utf8), one["today"]);
    expect({ stanzas: chosen.stanzas, left_out: chosen.leftOut }).toEqual({ stanzas: one["expected"].stanzas, left_out: one["expected"].left_out });
  },
});

const receiptRunner = each("receipt", {
  open_receipt: (one) => {
    const value = receipt.openReceipt(utf8(one["note_text"]), {
      origin: one["origin"],
      key: fromHex(one["key_hex"]),
      ...(one["report"] === null || one["report"] === undefined ? {} : { id: one["report"] }),
      ...(one["desk"] === null || one["desk"] === undefined ? {} : { desk: one["desk"] }),
      today: one["today"],
    });
    const { commitment_hex: committed, ...expected } = one["expected"];
    expect(value).toEqual(expected);
    if (committed !== undefined) expect(encoding.hex(receipt.commitment(value))).toBe(committed);
  },
  report_id: (one) => { expect(receipt.reportId(utf8(one["sealed_text"]))).toBe(one["expected"]); },
});

const replyRunner = each("reply", {
  read_reply: (one) => {
    const { signature: _left, ...found } = reply.readReply(padded(one), fromHex(one["identity_hex"]), one["place"]);
    expect(found).toEqual(one["expected"]);
  },
  join_replies: (one) => { expect(reply.joinReplies(one["replies"]) ?? null).toBe(one["expected_text"]); },
});

const reportRunner = each("report", {
  build_report: (one) => {
    const plaintext = report.buildReport({ draft: one["draft"], threadSeed: fromHex(one["seed_hex"]), replyRecipient: Recipient.fromText(one["reply_recipient"]) });
    expect(plaintext.length).toBe(one["expected_length"]);
    expect(note.sha256Hex(plaintext)).toBe(one["expected_sha256"]);
  },
  read_report: (one) => {
    const opened = report.readReport(padded(one));
    const { signature: _left, ...found } = opened.report;
    expect(found).toEqual(one["expected"]);
    expect(opened.replyRecipient.text).toBe(one["expected_recipient"]);
  },
});

const signaturesRunner = each("signatures", {
  verify: (one) => { signatures.verify(fromHex(one["public_hex"]), utf8(one["message_text"]), fromHex(one["signature_hex"])); },
  sign_statement: (one) => { expect(signatures.signStatement(fromHex(one["seed_hex"]), one["kind"], one["value"])).toBe(one["expected_text"]); },
  verify_statement: (one) => { signatures.verifyStatement(fromHex(one["public_hex"]), one["kind"], one["value"], one["signature"]); },
});

const stampRunner = each("stamp", {
  parse_stamp: (one) => {
    const found = stamp.parseStamp(one["text"]);
    expect(found).toEqual(one["expected"]);
    expect(stamp.stampText(found)).toBe(one["text"]);
  },
  zero_bits: (one) => { expect(stamp.zeroBits({ day: one["day"], id: one["report"], nonce: one["nonce"] }, one["origin"], one["charter"])).toBe(one["expected"]); },
  step_paid: (one) => { expect(stamp.stepPaid(one["bits"], one["steps"] ?? undefined)).toBe(one["expected"]); },
  search: (one) => {
    const search = new stamp.Search({ origin: one["origin"], charter: one["charter"], day: one["day"], id: one["report"] });
    expect(search.run(one["bits"], Math.floor(one["expected_tried"] / 2))).toBeUndefined();
    const found = search.run(one["bits"], one["expected_tried"]);
    expect(found === undefined ? undefined : stamp.stampText(found)).toBe(one["expected_text"]);
    expect(search.tried).toBe(one["expected_tried"]);
  },
});

const identitiesOf = (one: Case): Identity[] => one["identity_seeds_hex"].map((seed: string) => Identity.fromSeed(fromHex(seed)));

/** A runner for each noun that has a twin here. */
export const RUNNERS: Readonly<Record<string, Runner>> = {
  age_format: ageRunner,
  archive: archiveRunner,
  block: blockRunner,
  charter: charterRunner,
  checkpoint: each("checkpoint", {
    parse_checkpoint_text: (one) => {
      const head = checkpoint.parseCheckpointText(one["text"]);
      expect([head.origin, head.size, encoding.hex(head.root)]).toEqual([one["expected_origin"], one["expected_size"], one["expected_root_hex"]]);
    },
    open_checkpoint: (one) => {
      const head = checkpoint.openCheckpoint(utf8(one["note_text"]), one["origin"], fromHex(one["key_hex"]));
      expect([head.size, encoding.hex(head.root), head.day]).toEqual([one["expected_size"], one["expected_root_hex"], one["expected_day"]]);
    },
  }),
  codename: codenameRunner,
  edition: editionRunner,
  encoding: encodingRunner,
  file_identity: each("file_identity", { file_tag: (one) => { expect(fileTag(Recipient.fromText(one["recipient"]))).toBe(one["expected_text"]); } }),
  form: each("form", {
    read_form: (one) => {
      const form = readForm(utf8(one["form_text"]), one["sha256"]);
      expect(form.questions.length).toBeGreaterThan(0);
    },
  }),
  identities: each("identities", {
    from_text: (one) => {
      const identity = Identity.fromText(one["text"]);
      expect(identity.recipient.text).toBe(one["expected_recipient_text"]);
      expect(Identity.fromSeed(fromHex(one["expected_seed_hex"])).text).toBe(one["text"]);
    },
  }),
  merkle: merkleRunner,
  note: noteRunner,
  padding: each("padding", {
    wire_size: (one) => { expect(padding.wireSize(one["recipients"], one["plaintext"])).toBe(one["expected"]); },
    class_for: (one) => { expect(padding.classFor(one["content_length"], one["classes"])).toBe(one["expected"]); },
    plaintext_class_of: (one) => { expect(padding.plaintextClassOf(one["wire_length"], one["recipients"], one["classes"])).toBe(one["expected"]); },
  }),
  prekeys: prekeysRunner,
  proof: each("proof", {
    verify_proof: (one) => {
      const raw = one["proof_base64"] === undefined ? utf8(one["proof_text"]) : from64(one["proof_base64"]);
      const head = verifyProof(raw, fromHex(one["entry_hex"]), one["origin"], fromHex(one["key_hex"]));
      expect(head.size).toBe(one["expected_size"]);
    },
  }),
  receipt: receiptRunner,
  recipients: each("recipients", {
    from_text: (one) => {
      const recipient = Recipient.fromText(one["text"]);
      expect(encoding.hex(recipient.raw)).toBe(one["expected_hex"]);
      expect(recipient.text).toBe(one["text"]);
    },
  }),
  reply: replyRunner,
  report: reportRunner,
  seal: each("seal", {
    seal: async (one) => {
      const fixed = [fromHex(one["file_key_hex"]), fromHex(one["nonce_hex"])];
      const sealed = await seal(from64(one["plaintext_base64"]), identitiesOf(one).map((identity) => identity.recipient), () => fixed.shift() ?? new Uint8Array());
      expect(sealed.length).toBe(one["expected_length"]);
      expect(to64(sealed.subarray(sealed.length - from64(one["expected_payload_base64"]).length))).toBe(one["expected_payload_base64"]);
    },
  }),
  signatures: signaturesRunner,
  stamp: stampRunner,
  unseal: each("unseal", { unseal: async (one) => { expect(to64(await unseal(from64(one["file_base64"]), identitiesOf(one)))).toBe(one["expected_plaintext_base64"]); } }),
};
