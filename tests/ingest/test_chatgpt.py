"""ChatGPT exports: the branch the person saw, text only, holes tolerated."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from memchat.errors import IngestError, UsageError
from memchat.ingest.formats import read_conversations


def node(parent: str | None, role: str, *parts: object, **more: Any) -> dict[str, Any]:
    message = {
        "id": f"message of {role}",
        "author": {"role": role},
        "content": {"content_type": "text", "parts": list(parts)},
        **more,
    }
    return {"parent": parent, "children": [], "message": message}


def exported(**more: Any) -> dict[str, Any]:
    return {
        "id": "0123456789",
        "title": "Dogs",
        "create_time": 1683554160.0,
        "current_node": "answer",
        "mapping": {
            "root": {"parent": None, "children": ["system"], "message": None},
            "system": node("root", "system", "You are helpful."),
            "question": node("system", "user", "I have a dog", id="q1", create_time=1683554170.5),
            "abandoned": node("question", "assistant", "Never seen", id="a0"),
            "tool": node("question", "tool", "output", id="t1"),
            "answer": node("tool", "assistant", "Nice!", {"image": 1}, "Its name?", id="a1"),
        },
        **more,
    }


def read(tmp_path: Path, value: object, conversation: str | None = None) -> Any:
    path = tmp_path / "conversations.json"
    path.write_text(json.dumps(value))
    return read_conversations(path, conversation=conversation)


def test_the_current_branch_is_read_root_first(tmp_path: Path) -> None:
    [conversation] = read(tmp_path, [exported()])
    assert [(each.role, each.external_id, each.text) for each in conversation.turns] == [
        ("user", "q1", "I have a dog"),
        ("assistant", "a1", "Nice!\nIts name?"),
    ]


def test_a_turn_without_a_time_has_that_of_the_one_before(tmp_path: Path) -> None:
    [conversation] = read(tmp_path, [exported()])
    assert [turn.said_at.timestamp() for turn in conversation.turns] == [1683554170.5] * 2


@pytest.mark.parametrize("current", [None, "gone", [], {}])
def test_without_a_current_node_the_newest_leaf_is_followed(
    tmp_path: Path, current: object
) -> None:
    [conversation] = read(tmp_path, [exported(current_node=current)])
    assert conversation.turns[-1].external_id == "a1"


@pytest.mark.parametrize(
    "message",
    [
        None,
        {},
        {"author": None, "content": None},
        {"author": {"role": "user"}, "content": {"content_type": "text", "parts": None}},
        {"author": {"role": "user"}, "content": {"content_type": "text", "parts": [None, ""]}},
        {"author": {"role": "user"}, "content": {"content_type": "code", "text": "x"}},
        node(None, "user", "Hidden", metadata={"is_visually_hidden_from_conversation": True})[
            "message"
        ],
        node(None, "assistant", "search('x')", recipient="browser")["message"],
        node(None, "user", "Odd", recipient=[])["message"],
    ],
)
def test_what_the_person_did_not_see_is_left_out(tmp_path: Path, message: object) -> None:
    value = exported()
    value["mapping"]["tool"]["message"] = message
    [conversation] = read(tmp_path, [value])
    assert [turn.external_id for turn in conversation.turns] == ["q1", "a1"]


def test_conversations_of_one_title_stay_apart_and_can_be_chosen(tmp_path: Path) -> None:
    value = [exported(), exported(id="abcdefghij"), exported(id="ghi", title="Cats")]
    titles = [each.title for each in read(tmp_path, value)]
    assert titles == ["Dogs (01234567)", "Dogs (abcdefgh)", "Cats (ghi)"]
    assert len(read(tmp_path, value, "dogs")) == 2
    assert [each.id for each in read(tmp_path, value, "abcdefghij")] == ["abcdefghij"]
    with pytest.raises(UsageError, match="no conversation 'birds'"):
        read(tmp_path, value, "birds")


def test_a_tree_that_bites_its_tail_ends(tmp_path: Path) -> None:
    value = exported()
    value["mapping"]["root"]["parent"] = "answer"
    [conversation] = read(tmp_path, [value])
    assert len(conversation.turns) == 2


def test_a_broken_mapping_says_which_conversation(tmp_path: Path) -> None:
    with pytest.raises(IngestError, match='conversation 2: "mapping" is not an object'):
        read(tmp_path, [exported(), exported(mapping=[])])
