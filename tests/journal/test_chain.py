"""The chain of hashes: what was changed, taken out, doubled or torn is found, and where."""

import contextlib
import hashlib
import json

import pytest

from framework.journal.chain import GENESIS, Sealed, Sealer, Walk
from framework.journal.errors import JournalBrokenError


def text_of(seq, word="x"):
    return json.dumps(
        {"at": seq, "body": word, "format": 1, "kind": "input", "seq": seq}, separators=(",", ":")
    ).encode()


@pytest.fixture
def lines():
    sealer = Sealer()
    return [sealer(text_of(seq)).line() for seq in range(10)]


def walked(lines):
    walk = Walk(lines)
    with contextlib.suppress(JournalBrokenError):
        list(walk)
    return walk


def test_the_seal_is_sha256_of_the_hash_before_and_the_bytes_of_the_entry(lines):
    first = hashlib.sha256(GENESIS.encode() + text_of(0)).hexdigest()
    second = hashlib.sha256(first.encode() + text_of(1)).hexdigest()
    assert [first, second] == [json.loads(line)["sha256"] for line in lines[:2]]


def test_a_line_is_the_same_json_with_its_seal_as_the_last_key(lines):
    assert list(json.loads(lines[3])) == sorted(json.loads(lines[3]))
    assert text_of(3)[:-1] + b',"sha256":"' == lines[3][: -64 - 3]


def test_a_sound_journal_hands_on_every_entry_and_its_head(lines):
    walk = Walk(lines)
    assert [text_of(seq) for seq in range(10)] == list(walk)
    assert (10, json.loads(lines[-1])["sha256"], None, None) == (walk.entries, walk.head, walk.broken, walk.torn)


@pytest.mark.parametrize("cut", [1, 5, 60, 100])
def test_a_torn_last_line_is_no_change_and_all_before_it_counts(lines, cut):
    walk = walked([*lines[:-1], lines[-1][:-cut]])
    assert (9, None) == (walk.entries, walk.broken)
    assert (10, 9, len(lines[-1]) - cut) == walk.torn


def test_a_line_end_after_a_torn_line_is_a_change(lines):
    walk = walked([*lines[:-1], lines[-1][:-20] + b"\n"])
    assert (None, 10, 9) == (walk.torn, walk.broken.line, walk.broken.seq)


def test_each_flipped_byte_is_found_where_it_is(lines):
    for number, line in enumerate(lines):
        for place in range(len(line) - 1):
            changed = line[:place] + bytes([line[place] ^ 1]) + line[place + 1 :]
            if b"\n" in changed[:-1]:
                continue
            walk = walked([*lines[:number], changed, *lines[number + 1 :]])
            assert (number + 1, number) == (walk.broken.line, walk.broken.seq)


def test_a_changed_entry_with_a_seal_of_its_own_breaks_the_next_one(lines):
    head = json.loads(lines[3])["sha256"]
    forged = Sealer(4, head)(text_of(4, "y")).line()
    walk = walked([*lines[:4], forged, *lines[5:]])
    assert (6, 5) == (walk.broken.line, walk.broken.seq)
    assert json.loads(lines[5])["sha256"] == walk.broken.found
    assert walk.broken.expected != walk.broken.found


@pytest.mark.parametrize(
    ("change", "line", "seq", "why"),
    [
        (lambda ten: ten[:4] + ten[5:], 5, 4, "entry 5 stands in its place: what was between was taken out"),
        (lambda ten: ten[:5] + ten[4:], 6, 5, "entry 4 stands in its place a second time"),
        (lambda ten: [*ten[:4], ten[5], ten[4], *ten[6:]], 5, 4, "taken out"),
        (lambda ten: [*ten[:4], b"\n", *ten[4:]], 5, 4, "the line is empty"),
        (lambda ten: [*ten[:4], b"hello\n", *ten[4:]], 5, 4, "it is no entry of a journal"),
        (lambda ten: [*ten[:4], text_of(4) + b"\n", *ten[5:]], 5, 4, "it has no seal"),
        (lambda ten: [*ten[:4], ten[4].replace(b'"x"', b'"y"'), *ten[5:]], 5, 4, "changed after it was written"),
    ],
)
def test_what_was_done_to_a_journal_is_told_in_words(lines, change, line, seq, why):
    with pytest.raises(JournalBrokenError, match=why):
        list(Walk(change(lines)))
    broken = walked(change(lines)).broken
    assert (line, seq) == (broken.line, broken.seq)
    assert why in str(broken)


def test_what_was_cut_off_at_a_line_end_is_a_shorter_sound_journal_with_another_head(lines):
    assert (7, None) == (walked(lines[:7]).entries, walked(lines[:7]).broken)
    assert walked(lines).head != walked(lines[:7]).head


def test_an_entry_knows_its_number():
    assert Sealed(5, text_of(5), Sealer(5, "a" * 64)(text_of(5)).sha256) == Sealer(5, "a" * 64)(text_of(5))
