"""The key is seen by nobody but the server it is for."""

import traceback

import pytest
from aiohttp import web

from smoltalk.endpoint import Patience
from smoltalk.endpoint.faults import Denied
from smoltalk.errors import FactoryError
from tests.endpoint.local_server import KEY, complaint, endpoint_to, run

BODY = {"model": "m"}


@pytest.mark.parametrize("status", [200, 301, 400, 401, 403, 404, 429, 500])
def test_the_key_is_in_no_error(status: int) -> None:
    async def telltale(request: web.Request) -> web.Response:
        return complaint(status, f"you sent {request.headers['Authorization']}", {"Retry-After": "1e9"})

    async def work() -> None:
        async with endpoint_to(telltale, patience=Patience(attempts=1, seconds=-1.0)) as endpoint:
            with pytest.raises(FactoryError) as caught:
                await endpoint.post("/x", BODY)
        shown = "".join(traceback.format_exception(caught.value)) + repr(caught.value) + repr(vars(caught.value))
        assert KEY not in shown

    run(work())


def test_a_redirect_is_not_followed_with_the_key() -> None:
    paths: list[str] = []

    async def elsewhere(request: web.Request) -> web.Response:
        paths.append(request.path)
        return web.Response(status=302, headers={"Location": "/elsewhere"})

    async def work() -> None:
        async with endpoint_to(elsewhere) as endpoint:
            with pytest.raises(Denied, match="redirects"):
                await endpoint.post("/x", BODY)
        assert paths == ["/v1/x"]

    run(work())
