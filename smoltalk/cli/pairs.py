"""`smoltalk pairs`: what a run turned away, as candidate preference pairs with what it accepted."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from smoltalk.cli.opening import ARun
from smoltalk.cli.screen import count, say, table
from smoltalk.errors import WorldError

if TYPE_CHECKING:
    from smoltalk.run.pairs import Account


def pairs(
    run: ARun,
    out: Annotated[Path | None, typer.Option(help="The folder to write.  [default: RUN/pairs]")] = None,
) -> None:
    """Make preference pairs of what a run rejected.

    A rejected answer whose prompt has an accepted one, or one that a verifier failed before it was repaired.
    """
    from smoltalk.run.folder import RunFolder
    from smoltalk.run.pair_files import write_pairs

    folder = RunFolder(run)
    out = out or run / "pairs"
    try:
        account = write_pairs(folder, out)
    except OSError as error:
        raise WorldError(f"{error.filename or out}: {error.strerror or error}", "the run as it was") from error
    _tell(account, out)


def _tell(account: "Account", out: Path) -> None:
    say(count(account.pairs, "candidate pair"))
    if account.made:
        made = [(f"{n:,}", f"{where}: {reason}") for (where, reason), n in account.made.most_common()]
        say("\n".join(table(made, frozenset({0}))))
    if account.unusable:
        say("\nno pair of")
        unusable = [(f"{n:,}", where, why) for (where, why), n in account.unusable.most_common()]
        say("\n".join(table(unusable, frozenset({0}))))
    against = ", ".join(account.against)
    say(
        f"\ncompared with {against}" if against else "\ncompared with no benchmark: the run has no `decontaminate` gate"
    )
    say(
        "\n".join(
            table([(str(out / "data"), "pairs, as DPO trainers take them"), (str(out / "README.md"), "the card")])
        )
    )
