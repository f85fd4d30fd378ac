#!/usr/bin/env python3
"""A second verifier of evidence bundles, written from docs/bundle.md and docs/record.md.

    verify_bundle.py BUNDLE [--key KEY] [--origin NAME] [--checkpoint FILE] [--witness KEY]
    verify_bundle.py --batch < cases    (a JSON object on each line, an answer for each)

Needs the standard library and `cryptography`. Exit status: 0 all proven, 1 not, 2 cannot be read.
"""
import argparse
import base64
import binascii
import hashlib
import json
import re
import sys
import unicodedata

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

TYPES = {
    "manifest": ("format", "title"),
    "checkpoint": ("note",),
    "earlier": ("note", "proof"),
    "source": ("source", "last"),
    "header": ("entry", "header"),
    "node": ("hash",),
    "payload": ("entry", "disclosure"),
    "withheld": ("entry", "reason"),
    "end": ("hash",),
}
ORDER = list(TYPES)
NUMBERS = {"source", "last", "entry"}
GENESIS, GAP, HANDOVER, ATTRIBUTION = 1, 2, 6, 19


class Unreadable(Exception):
    """The bytes are not a bundle."""


def need(right, what="malformed"):
    if not right:
        raise Unreadable(what)


def sha(*parts):
    return hashlib.sha256(b"".join(parts)).digest()


def number(value):
    return type(value) is int and 0 <= value < 1 << 64


def unbase64(text):
    try:
        plain = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise Unreadable("base64") from None
    need(base64.b64encode(plain).decode() == text, "base64")
    return plain


def unhash(text):
    plain = unbase64(text)
    need(len(plain) == 32, "hash")
    return plain


# Notes and keys


class Key:
    """A public key, `name+id+base64`."""

    def __init__(self, text):
        parts = text.split("+", 2)
        need(len(parts) == 3, "key")
        self.text, self.name = text, parts[0]
        blob = unbase64(parts[2])
        need(len(blob) == 33 and blob[0] in (1, 4) and good_name(self.name), "key")
        self.kind, self.id = blob[0], sha(self.name.encode(), b"\n", blob)[:4]
        need(parts[1].lower() == self.id.hex(), "key")
        try:
            self.public = Ed25519PublicKey.from_public_bytes(blob[1:])
        except ValueError:
            raise Unreadable("key") from None

    def same(self, other):
        return (self.name, self.kind, self.id) == (other.name, other.kind, other.id)

    def verifies(self, note):
        """The time of a witness, True for a log, or None."""
        for name, key_id, blob in note.lines:
            if name != self.name or key_id != self.id:
                continue
            text, answer = note.text, True
            if self.kind == 4:
                answer = int.from_bytes(blob[:8], "big")
                text, blob = f"cosignature/v1\ntime {answer}\n{text}", blob[8:]
            try:
                self.public.verify(blob, text.encode())
                return answer
            except InvalidSignature:
                pass
        return None


def good_name(name):
    bad = lambda c: c == "+" or c.isspace() or unicodedata.category(c) == "Cc"
    return name != "" and not any(bad(c) for c in name)


class Note:
    """A signed note."""

    def __init__(self, text, lines):
        self.text, self.lines = text, lines

    @staticmethod
    def signature(line):
        need(line.startswith("\u2014 "), "signature line")
        name, space, blob = line[2:].partition(" ")
        need(space and good_name(name), "signature line")
        blob = unbase64(blob)
        need(len(blob) > 4, "signature line")
        return name, blob[:4], blob[4:]

    @classmethod
    def parse(cls, text):
        need(len(text.encode()) <= 1 << 20, "note")
        need(not any(ord(c) < 0x20 and c != "\n" for c in text), "note")
        body, blank, lines = text.rpartition("\n\n")
        need(blank and lines.endswith("\n"), "note")
        lines = [cls.signature(line) for line in lines[:-1].split("\n")]
        need(len(lines) <= 100, "note")
        return cls(body + "\n", lines)


class State:
    """A checkpoint and who signed it."""

    def __init__(self, text, extensions=False):
        self.note = Note.parse(text)
        lines = self.note.text[:-1].split("\n")
        need(len(lines) == 3 or (extensions and len(lines) > 3 and all(lines)), "checkpoint")
        self.origin, size, root = lines[:3]
        need(self.origin and re.fullmatch("0|[1-9][0-9]{0,19}", size, re.ASCII), "checkpoint")
        self.size, self.root = int(size), unhash(root)
        need(number(self.size), "checkpoint")


# Merkle trees


def leaf(header):
    return sha(b"\0", header)


def node(left, right):
    return sha(b"\1", left, right)


def half(count):
    """The largest power of two below the count."""
    return 1 << (count - 1).bit_length() - 1


def tree_root(headers, lo, hi, nodes):
    if not headers:
        return next(nodes)
    if hi - lo == 1:
        return leaf(headers[0].raw)
    middle = lo + half(hi - lo)
    left = tree_root([h for h in headers if h.entry < middle], lo, middle, nodes)
    return node(left, tree_root([h for h in headers if h.entry >= middle], middle, hi, nodes))


def consistent(old, old_root, new, new_root, proof):
    """RFC 6962 section 2.1.2, walked from the root down."""
    if old > new:
        return False
    if old == new:
        return not proof and old_root == new_root
    if old == 0:
        return not proof and old_root == sha()
    proof = list(proof)

    def walk(count_old, count, whole):
        """Roots of the old part and of all of a subtree; takes the proof from its end."""
        if count_old == count:
            root = old_root if whole else proof.pop()
            return root, root
        k = half(count)
        # The proof was made from the leaves up, so that its last hash is the one next to the root.
        if count_old <= k:
            right = proof.pop()
            then, now = walk(count_old, k, whole)
            return then, node(now, right)
        left = proof.pop()
        then, now = walk(count_old - k, count - k, False)
        return node(left, then), node(left, now)

    try:
        then, now = walk(old, new, True)
    except IndexError:
        return False
    return not proof and then == old_root and now == new_root


# Entries


class Header:
    def __init__(self, entry, raw):
        need(len(raw) == 92 and raw[0] == 1 and raw[1] in (1, 2, 3, 4), "header")
        at = lambda first, last: int.from_bytes(raw[first:last], "big")
        self.raw, self.entry, self.kind = raw, entry, at(2, 4)
        self.source, self.number, self.payload = at(44, 52), at(52, 60), raw[60:]
        need(at(4, 12) == entry, "header")


class Disclosure:
    """A payload, open in part: `spans` are (offset, bytes), in order."""

    def __init__(self, raw):
        self.raw, self.at = raw, 0
        self.tokenizer, self.length, self.count = self.byte(), self.varint(), self.varint()
        need(self.length <= 256 << 20 and self.count <= self.length, "disclosure")
        self.open, self.hidden = [], False
        tree = self.part(self.count)
        for span in self.open:
            span[2] = self.take(span[2])
        need(self.at == len(raw), "disclosure")
        self.end, self.right = 0, True
        hashed = self.hash(tree, self.count)
        at = 0
        for offset, _, data in self.open:
            self.right &= offset >= at
            at = offset + len(data)
        self.right &= at <= self.length
        if self.end not in (None, self.length):
            self.right = False
        counts = self.count.to_bytes(8, "big") + self.length.to_bytes(8, "big")
        self.root = sha(b"\x12proctor payload\n", bytes([self.tokenizer]), counts, hashed)

    def take(self, count):
        need(self.at + count <= len(self.raw), "disclosure")
        self.at += count
        return self.raw[self.at - count : self.at]

    def byte(self):
        return self.take(1)[0]

    def varint(self):
        value = shift = 0
        while True:
            byte = self.byte()
            value |= (byte & 0x7F) << shift
            if byte < 0x80:
                need((byte or not shift) and number(value), "varint")
                return value
            shift += 7
            need(shift < 70, "varint")

    def part(self, count):
        tag = self.byte()
        if tag == 0:
            self.hidden |= count > 0
            return self.take(32)
        if tag == 1 and count > 0:
            seed, offset, spans = self.take(16), self.varint(), []
            for _ in range(count):
                length = self.varint()
                need(0 < length <= 256, "span")
                spans.append([offset, self.take(self.byte()), length])
                offset += length
                need(number(offset), "span")
            self.open += spans
            return seed, spans
        need(tag == 2 and count > 1, "part")
        left = self.part(half(count))
        return [left, self.part(count - half(count))]

    def hash(self, part, count):
        """Hash of a part; `end` is where the next span must begin, if that is known."""
        if isinstance(part, bytes):
            if count:
                self.end = None
            return part
        if isinstance(part, list):
            left = self.hash(part[0], half(count))
            return sha(b"\x11", left, self.hash(part[1], count - half(count)))
        seed, spans = part
        for offset, _, data in spans:
            self.right &= self.end in (None, offset)
            self.end = offset + len(data)
        return self.opened(seed, spans)

    def opened(self, seed, spans):
        if len(spans) == 1:
            offset, path, data = spans[0]
            return sha(b"\x10", seed, offset.to_bytes(8, "big"), bytes([len(path)]), path, data)
        k = half(len(spans))
        both = sha(b"\x13proctor salt\n", seed)
        left = self.opened(both[:16], spans[:k])
        return sha(b"\x11", left, self.opened(both[16:], spans[k:]))

    def proves(self, root):
        return self.right and self.root == root

    def hidden_bytes(self):
        at = hidden = 0
        for offset, _, data in self.open:
            hidden += max(0, offset - at)
            at = offset + len(data)
        return hidden + max(0, self.length - at)


# The file


def exact(line):
    """A line has one form only."""

    def pairs(found):
        need(len(found) == len(dict(found)), "key twice")
        return dict(found)

    try:
        value = json.loads(line, object_pairs_hook=pairs)
        again = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    except (ValueError, RecursionError):
        raise Unreadable("JSON") from None
    need(again == line and isinstance(value, dict), "another form of line")
    kind = value.get("type")
    need(isinstance(kind, str) and kind in TYPES, "type")
    need(tuple(value) == ("type",) + TYPES[kind], "keys")
    for key in TYPES[kind]:
        if key in NUMBERS:
            need(number(value[key]), key)
        elif key == "proof":
            proof = value[key]
            need(isinstance(proof, list) and all(isinstance(h, str) for h in proof), key)
        else:
            need(isinstance(value[key], str), key)
    return kind, value


def words(text):
    need(len(text.encode()) <= 1024, "words")
    need(not any(unicodedata.category(c) == "Cc" for c in text), "words")


class Bundle:
    def __init__(self, raw):
        need(len(raw) <= 256 << 20, "bytes")
        try:
            text = raw.decode()
        except UnicodeDecodeError:
            raise Unreadable("UTF-8") from None
        need(text.endswith("\n"), "last line")
        lines = text[:-1].split("\n")
        need(len(lines) <= 1 << 20, "lines")
        self.found = {kind: [] for kind in TYPES}
        rank, about = -1, None
        for line in lines:
            kind, value = exact(line)
            if ORDER.index(kind) != rank:
                need(ORDER.index(kind) > rank, "order")
                rank, about = ORDER.index(kind), None
            now = self.read(kind, value)
            need(about is None or now is None or about < now, "order")
            about = now
        for kind in ("manifest", "checkpoint", "end"):
            need(len(self.found[kind]) == 1, kind)
        self.checkpoint = self.found["checkpoint"][0]
        self.headers = self.found["header"]
        self.sealed = self.found["end"][0] == sha(raw[: len(raw) - len(lines[-1].encode()) - 1])

    def read(self, kind, value):
        """Keeps what a line says; gives what lines of this type are ordered by."""
        about, keep = value.get(TYPES[kind][0]), value
        if kind == "manifest":
            need(value["format"] == "proctor.bundle/1", "format")
            words(value["title"])
        elif kind == "checkpoint":
            keep = State(value["note"])
        elif kind == "earlier":
            keep = State(value["note"])
            keep.proof, about = [unhash(h) for h in value["proof"]], keep.size
        elif kind == "header":
            keep = Header(value["entry"], unbase64(value["header"]))
        elif kind in ("node", "end"):
            keep = unhash(value["hash"])
        elif kind == "payload":
            keep = Disclosure(unbase64(value["disclosure"]))
            keep.entry = value["entry"]
        elif kind == "withheld":
            words(value["reason"])
        self.found[kind].append(keep)
        return about if type(about) is int else None


# Verification, by the steps of docs/bundle.md


def run(headers):
    """Numbers as far as they run from 1 and only gaps jump, each with the chain up to it."""
    found, want, chain = {}, 1, bytes(32)
    for header in headers:
        if header.number != want and not (header.kind == GAP and header.number > want):
            break
        chain = sha(chain, leaf(header.raw))
        found[header.number] = chain
        want = header.number + 1
    return found


def loads(raw):
    def constant(_):
        raise ValueError

    try:
        value = json.loads(raw.decode(), parse_constant=constant)
        json.dumps(value, ensure_ascii=False).encode()  # strings that are no Unicode
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


class Check:
    def __init__(self, bundle, origin, keys, remembered, witnesses):
        self.bundle, self.faults, self.anchors = bundle, [], []
        self.open, self.hidden = {}, {}
        self.states = [bundle.checkpoint]
        if not bundle.sealed:
            self.fault("changed-file", 0)
        self.tree()
        self.payloads()
        self.past()
        self.signers()
        self.sources()
        self.attributions()
        self.anchor(origin, keys, remembered, witnesses)

    def fault(self, name, at):
        self.faults.append((name, at))

    def tree(self):
        now, headers = self.bundle.checkpoint, self.bundle.headers
        nodes = iter(self.bundle.found["node"])
        right = bool(headers) and headers[-1].entry < now.size
        if right:
            try:
                right = tree_root(headers, 0, now.size, nodes) == now.root
            except (StopIteration, RuntimeError):
                right = False
        if not right or next(nodes, None) is not None:
            self.fault("not-in-log", now.size)

    def payloads(self):
        shown = {one.entry: one for one in self.bundle.found["payload"]}
        reasons = {one["entry"] for one in self.bundle.found["withheld"]}
        known = {header.entry for header in self.bundle.headers}
        for entry in (set(shown) | reasons) - known:
            self.fault("stray", entry)
        for header in self.bundle.headers:
            entry, payload = header.entry, shown.get(header.entry)
            self.hidden[entry] = None
            if payload and not payload.proves(header.payload):
                self.fault("wrong-payload", entry)
                continue
            is_open = payload is not None and not payload.hidden
            if is_open == (entry in reasons):
                self.fault("unaccounted", entry)
            if is_open:
                del self.hidden[entry]
                self.open[entry] = b"".join(data for _, _, data in payload.open)
            elif payload:
                self.hidden[entry] = payload.hidden_bytes()

    def past(self):
        now = self.bundle.checkpoint
        for then in self.bundle.found["earlier"]:
            proven = consistent(then.size, then.root, now.size, now.root, then.proof)
            if then.origin == now.origin and proven:
                self.states.append(then)
            else:
                self.fault("another-past", then.size)

    def key_of_log(self, text):
        key = Key(text) if isinstance(text, str) else None
        need(key and key.kind == 1 and key.name == self.bundle.checkpoint.origin, "key")
        return key

    def signers(self):
        self.chain, origin = [], self.bundle.checkpoint.origin
        first = self.bundle.headers[0] if self.bundle.headers else None
        try:
            need(first and first.entry == 0 and first.kind == GENESIS)
            said = loads(self.open.get(0, b""))
            need(said is not None and said.get("origin") == origin)
            self.chain.append(self.key_of_log(said.get("key")))
        except Unreadable:
            self.fault("unknown-signer", 0)
        for header in self.bundle.headers:
            if header.kind == HANDOVER:
                try:
                    self.chain.append(self.handed(header.entry, origin))
                except Unreadable:
                    self.fault("broken-hand-over", header.entry)
                    break
        note = self.bundle.checkpoint.note
        signed = [at for at, key in enumerate(self.chain) if key.verifies(note) is not None]
        self.signed = signed[-1] if signed else None
        for state in self.states:
            if all(key.verifies(state.note) is None for key in self.chain):
                self.fault("bad-signature", state.size)

    def handed(self, entry, origin):
        said = loads(self.open.get(entry, b""))
        need(said is not None and self.chain)
        old, new = self.chain[-1], self.key_of_log(said.get("new"))
        need(said.get("old") == old.text and isinstance(said.get("signature"), str))
        text = f"proctor hand-over\n{origin}\n{old.text}\n{new.text}\n"
        need(new.verifies(Note(text, [Note.signature(said["signature"])])) is not None)
        need(any(s.size > entry and old.verifies(s.note) is not None for s in self.states))
        return new

    def of(self, source):
        return [header for header in self.bundle.headers if header.source == source]

    def sources(self):
        for claim in self.bundle.found["source"]:
            headers = self.of(claim["source"])
            numbers = list(run(headers))
            if not numbers or len(numbers) < len(headers) or numbers[-1] != claim["last"]:
                self.fault("missing-entries", claim["source"])

    def attributions(self):
        for header in self.of(0):
            if header.kind != ATTRIBUTION or header.entry not in self.open:
                continue
            counted = self.counted(loads(self.open[header.entry]))
            if counted is None:
                self.fault("malformed-attribution", header.entry)
                continue
            for one in counted:
                chain = run(self.of(one["source"])).get(one["last"])
                if chain is None:
                    self.fault("missing-from-session", header.entry)
                elif chain.hex() != one["chain"]:
                    self.fault("wrong-chain", header.entry)

    @staticmethod
    def counted(said):
        if said is None or not isinstance(said.get("session"), str):
            return None
        sources = said.get("sources")
        if not number(said.get("version")) or not isinstance(sources, list):
            return None
        for one in sources:
            if not isinstance(one, dict) or not isinstance(one.get("chain"), str):
                return None
            keys = ("source", "first", "last", "entries")
            if not all(number(one.get(key)) for key in keys):
                return None
            if one["first"] != 1 or one["last"] < 1 or one["entries"] != one["last"]:
                return None
        return sources

    def anchor(self, origin, keys, remembered, witnesses):
        now = self.bundle.checkpoint
        if origin is not None and origin != now.origin:
            self.fault("other-origin", 0)
        last = -1 if self.signed is None else self.signed
        for key in keys:
            if any(key.same(known) for known in self.chain[: last + 1]):
                self.anchors.append(("key", key.text))
        if keys and not self.anchors:
            self.fault("foreign-key", 0)
        for then in remembered:
            same = [state for state in self.states if state.size == then.size]
            if then.origin != now.origin:
                self.fault("other-origin", then.size)
            elif same and same[0].root == then.root:
                self.anchors.append(("remembered", then.size))
            elif same:
                self.fault("forked", then.size)
            else:
                self.fault("cut-back" if then.size > now.size else "not-related", then.size)
        witnessed = False
        for key in witnesses:
            found = [(s.size, key.verifies(s.note)) for s in self.states]
            found = [(size, time) for size, time in found if time is not None]
            if found:
                witnessed = True
                self.anchors.append(("witness", key.text, *max(found)))
        if witnesses and not witnessed:
            self.fault("not-witnessed", 0)


def verify(raw, origin=None, keys=(), checkpoints=(), witnesses=()):
    try:
        bundle = Bundle(raw)
    except Unreadable as error:
        return {"status": 2, "why": str(error)}
    known = [State(text, extensions=True) for text in checkpoints]
    check = Check(bundle, origin, [Key(k) for k in keys], known, [Key(k) for k in witnesses])
    return {
        "status": int(bool(check.faults)),
        "faults": sorted(set(check.faults)),
        "entries": len(bundle.headers),
        "hidden": sorted(check.hidden.items()),
        "anchors": check.anchors,
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("bundle", nargs="?")
    parser.add_argument("--batch", action="store_true")
    parser.add_argument("--origin")
    for name in ("--key", "--checkpoint", "--witness"):
        parser.add_argument(name, action="append", default=[])
    args = parser.parse_args()
    if args.batch:
        for line in sys.stdin:
            case = json.loads(line)
            case["raw"] = base64.b64decode(case["raw"])
            print(json.dumps(verify(**case)))
        return 0
    if not args.bundle:
        parser.error("no bundle given")
    try:
        with open(args.bundle, "rb") as file:
            raw = file.read((256 << 20) + 1)
        notes = [open(path, encoding="utf-8", newline="").read() for path in args.checkpoint]
        answer = verify(raw, args.origin, args.key, notes, args.witness)
    except (OSError, UnicodeDecodeError, Unreadable) as error:
        answer = {"status": 2, "why": str(error)}
    print(json.dumps(answer, indent=1))
    return answer["status"]


if __name__ == "__main__":
    sys.exit(main())
