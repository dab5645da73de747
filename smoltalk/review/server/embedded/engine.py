"""A search engine for argilla-server that asks the server's own database: there is no index that could differ."""

import zlib
from typing import Any

import numpy as np
from argilla_server.database import AsyncSessionLocal, async_engine
from argilla_server.enums import MetadataPropertyType, SimilarityOrder
from argilla_server.models import Record, Response, Vector
from argilla_server.search_engine.base import (
    FloatMetadataMetrics,
    IntegerMetadataMetrics,
    SearchEngine,
    SearchResponseItem,
    SearchResponses,
    TermsMetrics,
    TextQuery,
)
from sqlalchemy import String, cast, event, func, literal, select, true

from .asking import condition, order
from .words import matches

NAME = "sqlite"


@event.listens_for(async_engine.sync_engine, "connect")
def _connected(connection: Any, _record: object) -> None:
    connection.create_function("text_matches", 3, matches)
    connection.create_function("shuffled", 2, lambda record, user: zlib.crc32(f"{user}{record}".encode()))
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode = WAL")
    cursor.execute("PRAGMA synchronous = NORMAL")
    cursor.close()


async def _rows(statement: Any) -> Any:
    async with AsyncSessionLocal() as session:
        return (await session.execute(statement)).all()


def _conditions(dataset: Any, query: Any, wanted: Any) -> list[Any]:
    found = [Record.dataset_id == dataset.id]
    if query is not None:
        query = TextQuery(q=query) if isinstance(query, str) else query
        found.append(func.text_matches(cast(Record.fields, String), query.field, query.q) == 1)
    return [*found, condition(wanted)] if wanted else found


@SearchEngine.register(engine_name=NAME)
class Database(SearchEngine):
    """What the server asks of Elasticsearch, answered from SQL. Costs of searches grow with the records."""

    @classmethod
    async def new_instance(cls) -> "Database":
        return cls()

    async def close(self) -> None:
        """Nothing is open."""

    async def ping(self) -> bool:
        return bool(await _rows(select(literal(1))))

    async def info(self) -> dict[str, Any]:
        return {"name": NAME, "version": {"number": (await _rows(select(func.sqlite_version())))[0][0]}}

    async def _nothing(self, *_: object, **__: object) -> None:
        """The tables are the index."""

    create_index = delete_index = configure_metadata_property = configure_index_vectors = _nothing
    index_records = partial_record_update = delete_records = _nothing
    update_record_response = delete_record_response = _nothing
    update_record_suggestion = delete_record_suggestion = _nothing

    async def search(
        self, dataset: Any, query: Any = None, filter: Any = None, sort: Any = None,
        offset: int = 0, limit: int = 100, user_id: Any = None,
    ) -> Any:  # fmt: skip
        """A page of records; without an order, each user sees them in an order of their own, always the same."""
        conditions = _conditions(dataset, query, filter)
        orders = [order(one) for one in sort or ()]
        if user_id and not sort:
            orders = [func.shuffled(cast(Record.id, String), str(user_id))]
        page = select(Record.id, func.count().over()).where(*conditions)
        found = await _rows(page.order_by(*orders, Record.inserted_at, Record.id).offset(offset).limit(limit))
        total = found[0][1] if found else 0
        if not found and offset:
            total = (await _rows(select(func.count()).select_from(Record).where(*conditions)))[0][0]
        return SearchResponses(items=[SearchResponseItem(record_id=one, score=1.0) for one, _ in found], total=total)

    async def get_dataset_progress(self, dataset: Any) -> dict[str, int]:
        counted = select(Record.status, func.count()).where(Record.dataset_id == dataset.id).group_by(Record.status)
        return await self._progress(dataset, counted)

    async def get_dataset_user_progress(self, dataset: Any, user: Any) -> dict[str, int]:
        counted = select(Response.status, func.count()).join(Record, Record.id == Response.record_id)
        mine = counted.where(Record.dataset_id == dataset.id, Response.user_id == user.id)
        return await self._progress(dataset, mine.group_by(Response.status))

    async def _progress(self, dataset: Any, counted: Any) -> dict[str, int]:
        if dataset.is_draft:
            return {}
        found = await _rows(counted)
        return {"total": sum(n for _, n in found), **{status.value: n for status, n in found}}

    async def compute_metrics_for(self, metadata_property: Any) -> Any:
        path = '$."{}"'.format(metadata_property.name.replace('"', ""))
        here = Record.dataset_id == metadata_property.dataset_id
        if metadata_property.type == MetadataPropertyType.terms:
            each = func.json_each(Record.metadata_, path).table_valued("value")
            counted = select(each.c.value, func.count()).select_from(Record).join(each, true())
            counted = counted.where(here, each.c.value.is_not(None)).group_by(each.c.value)
            found = await _rows(counted.order_by(func.count().desc(), each.c.value))
            terms = [TermsMetrics.TermCount(term=str(term), count=n) for term, n in found]
            return TermsMetrics(total=sum(n for _, n in found), values=terms)
        value = func.json_extract(Record.metadata_, path)
        low, high = (await _rows(select(func.min(value), func.max(value)).where(here)))[0]
        whole = metadata_property.type == MetadataPropertyType.integer
        return (IntegerMetadataMetrics if whole else FloatMetadataMetrics)(min=low, max=high)

    async def similarity_search(
        self, dataset: Any, vector_settings: Any, value: Any = None, record: Any = None, query: Any = None,
        filter: Any = None, max_results: int = 100, order: Any = SimilarityOrder.most_similar, threshold: Any = None,
    ) -> Any:  # fmt: skip
        """Records by cosine, as (1 + cosine) / 2; a record is not like itself."""
        aim = np.asarray(value or record.vector_value_by_vector_settings(vector_settings), np.float32)
        vectors = select(Vector.record_id, Vector.value).join(Record, Record.id == Vector.record_id)
        here = [Vector.vector_settings_id == vector_settings.id, *_conditions(dataset, query, filter)]
        found = [one for one in await _rows(vectors.where(*here)) if record is None or one[0] != record.id]
        if not found:
            return SearchResponses(items=[], total=0)
        matrix = np.asarray([vector for _, vector in found], np.float32)
        lengths = np.linalg.norm(matrix, axis=1) * np.linalg.norm(aim)
        cosine = np.divide(matrix @ aim, lengths, out=np.zeros(len(found), np.float32), where=lengths > 0)
        scores = (1 + (-cosine if order == SimilarityOrder.least_similar else cosine)) / 2
        best = [
            place for place in np.argsort(-scores, kind="stable") if threshold is None or scores[place] >= threshold
        ]
        items = [SearchResponseItem(record_id=found[at][0], score=float(scores[at])) for at in best[:max_results]]
        return SearchResponses(items=items, total=len(items))
