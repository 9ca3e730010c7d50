"""From the options of `memchat train` to the stages they mean."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import TypeVar

from memchat.engine.protocol import Role
from memchat.errors import UsageError
from memchat.weights.discover import find_adapters
from training.backends import Backend
from training.model import Base, find_base
from training.pipeline import Pipeline, Stage, gguf_of
from training.recipe import RECIPES, SftRecipe, load_recipe
from training.rl_recipe import Agent, GrpoRecipe, PpoRecipe, RlRecipe
from training.validation import find_validation

SHIPPED = "shipped"


class Who(StrEnum):
    """Whose training is asked for."""

    MANAGER = "manager"
    EXTRACTOR = "extractor"
    ANSWER = "answer"
    BOTH = "both"


class Algorithm(StrEnum):
    """How they learn."""

    SFT = "sft"
    GRPO = "grpo"
    PPO = "ppo"


AnyRecipe = TypeVar("AnyRecipe", bound=SftRecipe | RlRecipe)


@dataclass(frozen=True, slots=True)
class Options:
    """What was asked for; an empty value leaves it to the recipe."""

    out: Path
    agent: Who = Who.BOTH
    algorithm: Algorithm = Algorithm.SFT
    data: tuple[str, ...] = ()
    base: str = ""
    recipe: Path | None = None
    steps: int = 0
    samples: int = 0
    start: str = ""
    backend: Backend = Backend.AUTO
    validate: bool = True


def make_pipeline(options: Options) -> Pipeline:
    """Raises UsageError when the options do not go together, or a recipe is wrong."""
    if options.recipe and options.agent is Who.BOTH:
        raise UsageError("A recipe is for one agent.", "Add --agent manager or --agent answer.")
    learning = list(_learning_stages(options))
    base = find_base(options.base or learning[0].recipe.base)
    adapters = _given(options.start, base)
    stages = [*_warm_up(options, learning, adapters), *learning]
    sources = options.data or learning[-1].recipe.data
    validation = find_validation(sources, base, options.out) if options.validate else None
    return Pipeline(options.out, stages, options.backend, adapters, validation)


def _learning_stages(options: Options) -> Iterator[Stage]:
    """The Answer Agent first: the manager is then judged by a reader that can read."""
    both = [Who.ANSWER, Who.MANAGER]
    for who in both if options.agent is Who.BOTH else [options.agent]:
        if options.algorithm is Algorithm.SFT:
            yield _sft_stage(options, who)
        else:
            yield _rl_stage(options, Agent(who))


def _sft_stage(options: Options, who: Who) -> Stage:
    name = options.recipe or Path(f"sft-{_role(who)}")
    recipe = load_recipe(name, SftRecipe)
    chosen = replace(_overridden(recipe, options), samples=options.samples or recipe.samples)
    return Stage(name.stem, chosen)


def _rl_stage(options: Options, agent: Agent) -> Stage:
    kind = GrpoRecipe if options.algorithm is Algorithm.GRPO else PpoRecipe
    name = options.recipe or _recipe_name(options, agent)
    recipe = load_recipe(name, kind)
    if recipe.agent is not agent:
        raise UsageError(
            f"{name} is a recipe for the {recipe.agent}, not for the {agent}.",
            f"Add --agent {recipe.agent}.",
        )
    return Stage(name.stem, _overridden(recipe, options))


def _recipe_name(options: Options, agent: Agent) -> Path:
    """The recipe for this data where there is one, else the general one."""
    name = f"{options.algorithm}-{agent}"
    for source in options.data:
        special = f"{name}-{Path(source).stem.split('-')[0]}"
        if (RECIPES / f"{special}.toml").is_file():
            return Path(special)
    return Path(name)


def _overridden(recipe: AnyRecipe, options: Options) -> AnyRecipe:
    return replace(
        recipe,
        data=options.data or recipe.data,
        base=options.base or recipe.base,
        steps=options.steps or recipe.steps,
    )


def _given(start: str, base: Base) -> dict[Role, Path]:
    """Adapters by role: those that ship, or those in runs and GGUF files joined by `+`."""
    if start == SHIPPED:
        if base.gguf is None or not (found := dict(find_adapters(base.gguf))):
            raise UsageError(f"No adapters ship for {base.name}.", "Leave --start out.")
        return found
    given: dict[Role, Path] = {}
    for path in map(Path, filter(None, start.split("+"))):
        roles = [role for role in Role if gguf_of(path, role).is_file()]
        if not roles:
            raise UsageError(
                f"{path} holds no trained adapter.",
                "Name `shipped`, or runs and GGUF files joined by `+`.",
            )
        given |= {_role_of(path, role): path for role in roles}
    return given


def _role_of(path: Path, role: Role) -> Role:
    """A GGUF says itself what it is for."""
    if path.suffix != ".gguf":
        return role
    from training.gguf_adapter import read_gguf_adapter

    return read_gguf_adapter(path).role


def _warm_up(
    options: Options, learning: Sequence[Stage], adapters: Mapping[Role, Path]
) -> Iterator[Stage]:
    """SFT of each agent that reinforcement learning needs and that has no adapter yet."""
    needed = set().union(*(_needed(stage.recipe) for stage in learning))
    for role in Role:
        if role in needed and role not in adapters:
            recipe = load_recipe(Path(f"sft-{role}"), SftRecipe)
            yield Stage(f"sft-{role}", replace(recipe, base=options.base or recipe.base))


def _needed(recipe: SftRecipe | RlRecipe) -> set[Role]:
    """Which roles a stage cannot do without: its own, and on dialogues all of them."""
    if isinstance(recipe, SftRecipe) or recipe.coached:
        return set()
    return {recipe.agent.role} if recipe.generated else set(Role)


def _role(who: Who) -> Role:
    return Role.ANSWER if who is Who.ANSWER else Role.MEMORY
