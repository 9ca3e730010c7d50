"""Questions about statements: which forms ask for what was told, and the shortest answer."""

from __future__ import annotations

import re
from functools import cache

from training.data.synthetic.forms import Form, Topic, Variant, topics
from training.data.synthetic.person import third_person
from training.data.synthetic.phrases import When, short_date
from training.data.synthetic.statement import Statement, as_written, fill
from training.data.synthetic.world import World

_ALONE = re.compile(r"\{(\w+)\}")


@cache
def askable(who: str, section: str) -> tuple[Topic, ...]:
    fitting = {"self": ("any", "self"), "person": ("any", "person"), "pet": ("pet",)}[who]
    return tuple(topic for topic in topics() if topic.who in fitting and topic.forms(section))


def question_about(world: World, told: Statement) -> Statement | None:
    """A question about `told` that it answers."""
    forms = [
        variants
        for form in told.topic.forms("ask")
        if _asks_for(told, form)
        if (variants := [v for v in form.variants if _answers(told, v)])
    ]
    if not forms:
        return None
    variant = world.rng.choice(world.rng.choice(forms))
    return Statement(told.topic, told.person, variant, told.values, "ask")


def _asks_for(told: Statement, question: Form) -> bool:
    """Tagged questions ask for the forms with their tag, the others for those without."""
    return (question.tag or "") == (_tags(told.topic)[told.variant] or "")


@cache
def _tags(topic: Topic) -> dict[Variant, str | None]:
    """The tag of each variant's form."""
    return {
        variant: form.tag
        for forms in topic.sections.values()
        for form in forms
        for variant in form.variants
    }


def _answers(told: Statement, question: Variant) -> bool:
    if not told.variant.fields.issuperset(question.needs):
        return False
    return told.person.who == "self" or question.portable


def answer_text(asked: Statement) -> str:
    """The answer in as few words as possible."""
    template = asked.variant.golds[0]
    alone = _ALONE.fullmatch(template)
    value = asked.values[alone[1]] if alone else None
    if isinstance(value, When):
        return short_date(value.resolved)
    return as_written(fill(template, asked, absolute=True))


def question_for_list(world: World, told: Statement, section: str) -> Statement | None:
    """A question for the whole list: it asks for the key and names no value."""
    key = f"{{{told.topic.key}}}"
    fitting = [
        variant
        for form in told.topic.forms(section)
        for variant in form.variants
        if variant.golds == (key,) and "{" not in variant.text
        if told.person.who == "self" or variant.portable
    ]
    if not fitting:
        return None
    return Statement(told.topic, told.person, world.rng.choice(fitting), told.values, section)


def question_text(asked: Statement, *, by_name: bool) -> str:
    """The question in the speaker's words, or about them `by_name`; dates absolute."""
    if by_name:
        template = third_person(asked.variant.text, asked.person.pronouns)
        template = template.replace("{S}", asked.person.gold.replace("The user", "the user"))
    elif asked.person.who == "self":
        template = asked.variant.text
    else:
        template = third_person(asked.variant.text, asked.person.pronouns, tidy=False)
        template = template.replace("{S}", asked.person.spoken)
    text = as_written(fill(template, asked, absolute=True))
    return text[0].upper() + text[1:]


def who_text(told: Statement) -> str:
    """A question for the person that something was told of: "Who plays the oboe?"."""
    template = third_person(told.variant.text, told.person.pronouns).replace("{S}'s", "Whose")
    text = fill(template.replace("{S}", "Who"), told, absolute=True)
    return f"{as_written(text)}?"
