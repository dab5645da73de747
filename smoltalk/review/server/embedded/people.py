"""The workspace and the people of a server, made when they are not there yet."""

from typing import Any, NamedTuple

from argilla_server.contexts import accounts
from argilla_server.database import AsyncSessionLocal
from argilla_server.models import User, Workspace, WorkspaceUser


class Person(NamedTuple):
    """Somebody who signs in."""

    name: str
    role: str
    """`owner` or `annotator`."""
    password: str
    key: str


async def settle(people: list[Person], workspace: str) -> None:
    """Make who is missing; those who are there keep their passwords."""
    async with AsyncSessionLocal() as session:
        space = await Workspace.get_by(session, name=workspace) or await Workspace.create(session, name=workspace)
        for person in people:
            user = await User.get_by(session, username=person.name) or await _new(session, person)
            if not await WorkspaceUser.get_by(session, workspace_id=space.id, user_id=user.id):
                await WorkspaceUser.create(session, workspace_id=space.id, user_id=user.id)


async def _new(session: Any, person: Person) -> Any:
    return await User.create(
        session, first_name=person.name, username=person.name, role=person.role, api_key=person.key,
        password_hash=accounts.hash_password(person.password),
    )  # fmt: skip
