"""Engines as steps and pools ask them: declared, of the right kind, able to write what is asked, asked at all."""

from collections.abc import Iterator, Mapping, Sequence

from smoltalk.contracts import Part
from smoltalk.document import Document
from smoltalk.errors import Problem, nearest
from smoltalk.fields import meant
from smoltalk.pipeline.parts import Named, at, told
from smoltalk.placement.vllm_need import context, is_context
from smoltalk.requests import Sampling

_TURNS = {"user": "user turns", "assistant": "answers"}
_ABLE = {"user": "an engine that knows its model's chat template can, such as `vllm`", "assistant": ""}


def asked_engines(document: Document, engines: Sequence[Named], steps: Sequence[Named]) -> Iterator[Problem]:
    """Every mistake between engines and who asks them. An engine that a mistake may have hidden is not called idle."""
    declared = {str(e.key[1]): e for e in engines}
    asked: set[str] = set()
    blind = not steps or any(step.part is None for step in steps)
    for step in steps:
        wanted = told(step, "engines", document)
        if isinstance(wanted, list):
            yield from wanted
            blind = True
            continue
        for name in sorted(wanted):
            asked.add(name)
            if name not in declared:
                hint = nearest(name, declared)
                asked.add(meant(hint))
                yield at(document, step, f"no engine named `{name}`", hint or "`engines` declares none")
                continue
            kind = getattr(step.part, "engine_kind", "completes")
            unfit = _unfit(document, step, step.name, kind, name, declared)
            yield from unfit or _unable(document, step, name, declared)
            yield from _no_room(document, step, name, declared)
    for pool, engine in declared.items():
        for name in engine.part.members() if engine.part is not None else ():
            asked.add(name)
            if name not in declared:
                yield document.problem(
                    engine.key, f"no engine named `{name}` for pool `{pool}`", nearest(name, declared)
                )
            elif declared[name].part is not None and declared[name].part.members():
                yield document.problem(engine.key, f"`{name}` is a pool itself, and pools hold no pools")
            else:
                kind = "scores" if name == getattr(engine.part, "judge", None) else "completes"
                yield from _unfit(document, engine, pool, kind, name, declared)
    for name, engine in declared.items():
        if name not in asked and not blind:
            yield document.problem(
                engine.key, f"engine `{name}` is declared, but no step asks it", _meant(name, declared)
            )


def _meant(name: str, declared: Mapping[str, Named]) -> str:
    """Of which other engine the name may be a misspelling, as `--set engines.techer=...` declares one."""
    hint = nearest(name, declared.keys() - {name})
    return hint if meant(hint) else ""


def _unfit(
    document: Document, asker: Named, asker_name: str, kind: str, name: str, declared: Mapping[str, Named]
) -> list[Problem]:
    """An engine that cannot do what is asked of it."""
    engine = declared[name]
    if engine.part is None or engine.part.kind == kind:
        return []
    others = [n for n, e in declared.items() if e.part is not None and e.part.kind == kind]
    sentence = f"`{asker_name}` needs an engine that {kind}, but `{name}` ({engine.name}) {engine.part.kind}"
    hint = f"engines that {kind.removesuffix('s')}: {', '.join(sorted(others))}" if others else ""
    return [at(document, asker, sentence, hint)]


def _unable(document: Document, step: Named, name: str, declared: Mapping[str, Named]) -> Iterator[Problem]:
    """Turns that the step asks for and the engine, or one that it hands them on to, cannot write."""
    for role in sorted(step.part.roles()):
        for writer in _writers(name, declared):
            if why := declared[writer].part.cannot_write(role):
                through = f", through `{name}`," if writer != name else ","
                sentence = f"`{step.name}` asks {_TURNS[role]} of `{writer}`{through} but {why}"
                able = [n for n in declared if n != name and _writes(n, role, declared)]
                hint = f"engines that can: {', '.join(sorted(able))}" if able else _ABLE[role]
                yield at(document, step, sentence, hint)


def _no_room(document: Document, step: Named, name: str, declared: Mapping[str, Named]) -> Iterator[Problem]:
    """Replies longer than a server has room for: it would refuse every one of them."""
    longest = _longest(step)
    for writer in _writers(name, declared):
        options = getattr(declared[writer].part, "options", {})
        given = options.get("max_model_len")
        if given in (None, "auto", -1) or not is_context(given):
            continue
        if longest >= (room := context(options, None)):
            sentence = f"`{step.name}` asks for up to {longest:,} tokens, and `max_model_len` of `{writer}` is {room:,}"
            yield at(document, step, sentence, "that many hold the prompt and the reply together")


def _longest(step: Named) -> int:
    """The most tokens that a step asks for in one request; 0 for none that it names."""
    if not step.sound or not isinstance(step.part, Part):
        return 0
    fields = dict(step.part)
    samplings = [value.max_tokens for value in fields.values() if isinstance(value, Sampling)]
    return max([*samplings, fields.get("max_tokens") or 0])


def _writers(name: str, declared: Mapping[str, Named]) -> list[str]:
    """The engines that write what is asked of this one: itself, or those of a pool that complete. A guess at one with
    mistakes is left out: what it can do says nothing of what is meant."""
    engine = declared[name].part
    members = engine.members() if engine is not None else ()
    found = [n for n in members or (name,) if n in declared and declared[n].sound]
    return [n for n in found if declared[n].part.kind == "completes"]


def _writes(name: str, role: str, declared: Mapping[str, Named]) -> bool:
    writers = _writers(name, declared)
    return bool(writers) and not any(declared[n].part.cannot_write(role) for n in writers)
