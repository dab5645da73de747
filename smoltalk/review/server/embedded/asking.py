"""The server's filters and orders as SQL over its own tables."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from argilla_server.enums import ResponseStatusFilter, SortOrder
from argilla_server.models import Question, Record, Response, Suggestion
from argilla_server.search_engine.base import (
    AndFilter,
    MetadataFilterScope,
    RangeFilter,
    RecordFilterScope,
    ResponseFilterScope,
    SuggestionFilterScope,
    TermsFilter,
)
from sqlalchemy import String, and_, cast, exists, func, not_, or_, select, true

_TIMES = ("inserted_at", "updated_at")


def condition(wanted: Any) -> Any:
    """A filter as a condition on `Record`. Raises `ValueError` for one that this version does not have."""
    if isinstance(wanted, AndFilter):
        return and_(true(), *map(condition, wanted.filters))
    match wanted.scope:
        case MetadataFilterScope():
            return _in_json(Record.metadata_, _path(wanted.scope.metadata_property), wanted)
        case SuggestionFilterScope():
            return _of_suggestions(wanted)
        case ResponseFilterScope():
            return _of_responses(wanted)
        case RecordFilterScope():
            return _of_record(wanted)
    raise ValueError(f"there is no such filter: {wanted}")


def order(wanted: Any) -> Any:
    """One order of records; those without a value come last."""
    scope = wanted.scope
    match scope:
        case MetadataFilterScope():
            value = func.json_extract(Record.metadata_, _path(scope.metadata_property))
        case SuggestionFilterScope():
            column = getattr(Suggestion, scope.property)
            column = func.json_extract(column, "$") if scope.property in ("value", "score") else column
            value = _suggestions(scope).with_only_columns(column).limit(1).scalar_subquery()
        case ResponseFilterScope():
            value = _answered(scope)
        case _:
            value = getattr(Record, str(scope.property))
    return (value.desc() if wanted.order == SortOrder.desc else value.asc()).nulls_last()


def _of_suggestions(wanted: Any) -> Any:
    found = _suggestions(wanted.scope)
    column = getattr(Suggestion, wanted.scope.property)
    if wanted.scope.property in ("value", "score"):
        return found.where(_in_json(column, "$", wanted)).exists()
    return found.where(_within(column, wanted)).exists()


def _of_responses(wanted: Any) -> Any:
    scope, mine = wanted.scope, _responses(wanted.scope)
    if scope.question:
        return exists().where(*mine, _in_json(Response.values, _path(scope.question, "value"), wanted))
    statuses = [str(value) for value in wanted.values]
    given = [status for status in statuses if status != ResponseStatusFilter.pending]
    parts = [not_(exists().where(*mine))] if len(given) < len(statuses) else []
    if given:
        parts.append(exists().where(*mine, cast(Response.status, String).in_(given)))
    return or_(*parts)


def _of_record(wanted: Any) -> Any:
    name = str(wanted.scope.property)
    column = getattr(Record, name)
    if name in _TIMES:
        if isinstance(wanted, TermsFilter):
            return column.in_([_moment(value) for value in wanted.values])
        return _within(column, wanted, _moment)
    return column.in_(wanted.values) if name == "id" else _within(column, wanted, str)


def _answered(scope: Any) -> Any:
    if scope.question:
        value = func.avg(func.json_extract(Response.values, _path(scope.question, "value")))
    else:
        value = func.min(cast(Response.status, String))
    return select(value).where(*_responses(scope)).correlate(Record).scalar_subquery()


def _suggestions(scope: Any) -> Any:
    joined = select(Suggestion).join(Question, Question.id == Suggestion.question_id)
    return joined.where(Suggestion.record_id == Record.id, Question.name == scope.question).correlate(Record)


def _responses(scope: Any) -> list[Any]:
    mine = [Response.user_id == scope.user.id] if scope.user else []
    return [Response.record_id == Record.id, *mine]


def _in_json(document: Any, path: str, wanted: Any) -> Any:
    """Whether the value at a path, or one of them where it is a list, is wanted."""
    each = func.json_each(document, path).table_valued("value", "type")
    convert: Callable[[Any], Any] = float if isinstance(wanted, RangeFilter) else lambda value: value
    return exists(select(1).select_from(each).where(_within(each.c.value, wanted, convert)))


def _within(value: Any, wanted: Any, convert: Callable[[Any], Any] = lambda value: value) -> Any:
    if isinstance(wanted, TermsFilter):
        return cast(value, String).in_([str(one) for one in wanted.values])
    least = [value >= convert(wanted.ge)] if wanted.ge is not None else []
    most = [value <= convert(wanted.le)] if wanted.le is not None else []
    return and_(true(), *least, *most)


def _path(*keys: object) -> str:
    """A path into JSON; a key cannot end its quotes."""
    return "$" + "".join('."{}"'.format(str(key).replace('"', "")) for key in keys)


def _moment(value: Any) -> datetime:
    """A time as the tables hold it: UTC, without saying so."""
    if isinstance(value, str):
        found = datetime.fromisoformat(value.replace("Z", "+00:00"))
    else:
        found = datetime.fromtimestamp(float(value) / 1000, tz=UTC)
    return found.astimezone(UTC).replace(tzinfo=None) if found.tzinfo else found
