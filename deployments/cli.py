"""The `lockstep` command. What goes wrong is one line on stderr that says what to do, never a traceback.

Commands import what they need when they run: Prefect takes two seconds, and `lockstep --help` should not.
"""

import getpass
import os
import sys
import tempfile
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from domain.errors import NeedsDecision, Refused, TryAgain

app = typer.Typer(
    help="Keeps a 3PL warehouse and Amazon Seller Central in lockstep for merchant-fulfilled orders.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
imports = typer.Typer(
    help="Put the rows of a CSV file in force; a wrong row changes nothing.", no_args_is_help=True
)
exports = typer.Typer(help="Write the rows in force as CSV.", no_args_is_help=True)
carriers = typer.Typer(
    help="The carrier map: rows that are missing, its history, and a rehearsal of a change.",
    no_args_is_help=True,
)
stock = typer.Typer(help="Quantities: why each is what it is.", no_args_is_help=True)
app.add_typer(imports, name="import")
app.add_typer(exports, name="export")
app.add_typer(carriers, name="carriers")
app.add_typer(stock, name="stock")

ConfigOption = Annotated[
    Path | None,
    typer.Option(
        "--config", help="The lockstep.toml to use; else LOCKSTEP_CONFIG, else the current folder's."
    ),
]


def main() -> None:
    """Run the command line; exit 0 when it did what was asked, 1 when not, 2 when it was asked wrongly."""
    # Flow runs log to Prefect; the terminal shows what the commands themselves say.
    os.environ.setdefault("PREFECT_LOGGING_HANDLERS_CONSOLE_LEVEL", "CRITICAL")
    sys.exit(_guarded(app))


def _guarded(run: Callable[[], object]) -> int:
    try:
        run()
    except (Refused, TryAgain, NeedsDecision) as error:
        print(error, file=sys.stderr)  # noqa: T201 - the terminal is what a command line talks to
    except KeyboardInterrupt:
        print("Stopped.", file=sys.stderr)  # noqa: T201 - the same
    except Exception as error:  # noqa: BLE001 - nobody should read a traceback to learn that something broke
        place = _keep_traceback()
        print(  # noqa: T201 - the same
            f"Something broke that should not ({type(error).__name__}). Nothing more was done; the details are in"
            f" {place}.",
            file=sys.stderr,
        )
    return 1


def _keep_traceback() -> Path:
    """The file with the traceback, readable by its owner alone."""
    handle, name = tempfile.mkstemp(prefix="lockstep-error-", suffix=".log")
    with os.fdopen(handle, "w", encoding="utf-8") as log:
        traceback.print_exc(file=log)
    return Path(name)


@app.command()
def demo(
    *,
    once: Annotated[
        bool, typer.Option("--once", help="Trade for one busy hour, check it, and stop.")
    ] = False,
) -> None:
    """Run everything on this machine against a simulated Amazon and 3PL."""
    from deployments.demo import run  # noqa: PLC0415 - see the module's first lines

    raise typer.Exit(run(once=once))


@app.command()
def setup(config: ConfigOption = None) -> None:
    """Make the ledger and Prefect look like lockstep.toml; running it again changes only what differs."""
    from deployments import cli_deeds  # noqa: PLC0415 - see the module's first lines

    cli_deeds.set_up_all(config)


@app.command()
def run(
    flow: Annotated[str, typer.Argument(help="order-ingest, tracking-push, inventory-sync, ...")],
    parameters: Annotated[list[str] | None, typer.Option("-p", help="A parameter as name=value.")] = None,
    config: ConfigOption = None,
) -> None:
    """Run one flow in this process; exits non-zero when it fails."""
    from deployments import cli_deeds  # noqa: PLC0415 - see the module's first lines

    cli_deeds.run_one(flow, parameters or [], config)


@app.command()
def status(
    *,
    exit_code: Annotated[
        bool,
        typer.Option(
            "--exit-code",
            help="For a monitor: a line per fault; exits 0 when all is well, 1 when Lockstep is not, 2 when"
            " problems are overdue.",
        ),
    ] = False,
    config: ConfigOption = None,
) -> None:
    """What is open, who must act and by when."""
    if exit_code:
        from deployments import wellness  # noqa: PLC0415 - see the module's first lines

        faults = wellness.look(config)
        typer.echo(wellness.words_of(faults))
        raise typer.Exit(wellness.code_of(faults))
    from deployments import cli_views  # noqa: PLC0415 - see the module's first lines

    cli_views.show_status(config)


@app.command()
def doctor(config: ConfigOption = None) -> None:
    """Check that every door can be reached, credentials are valid and maps complete."""
    from deployments import cli_views  # noqa: PLC0415 - see the module's first lines

    raise typer.Exit(cli_views.show_doctor(config))


@app.command()
def serve(config: ConfigOption = None) -> None:
    """Run the Prefect server, a worker and the schedules on this machine until Ctrl-C."""
    from deployments import cli_deeds  # noqa: PLC0415 - see the module's first lines

    cli_deeds.serve_here(config)


@carriers.command()
def suggest(
    file: Annotated[Path | None, typer.Argument(help="The CSV file to write; else the terminal.")] = None,
    config: ConfigOption = None,
) -> None:
    """Write the rows that the carrier map lacks, to check, complete and import."""
    from deployments import cli_carriers  # noqa: PLC0415 - see the module's first lines

    cli_carriers.suggest(file, config)


@carriers.command()
def history(
    connection: Annotated[str, typer.Option("--connection", help="One warehouse connection; else all.")] = "",
    config: ConfigOption = None,
) -> None:
    """Every version of every row of the carrier map, with since when, until when and by whom."""
    from deployments import cli_carriers  # noqa: PLC0415 - see the module's first lines

    cli_carriers.history(connection, config)


@carriers.command()
def replay(
    file: Annotated[Path, typer.Argument(help="The changed rows as a CSV file.")],
    days: Annotated[int, typer.Option("--days", min=1, help="How far back to look.")] = 30,
    config: ConfigOption = None,
) -> None:
    """What the carrier map would have done to recent parcels with this file imported; changes nothing."""
    from deployments import cli_carriers  # noqa: PLC0415 - see the module's first lines

    cli_carriers.play_back(file, days, config)


@stock.callback()
def _stock() -> None:
    """Keeps `explain` a word of its own while it is the only one."""


@stock.command()
def explain(
    seller_sku: Annotated[str, typer.Argument(help="The seller SKU, as in Seller Central.")],
    account: Annotated[str, typer.Option("--account", help="One seller account; else all of them.")] = "",
    config: ConfigOption = None,
) -> None:
    """Every number behind the quantity of a SKU: counts, orders, buffer, rules, Amazon; changes nothing."""
    from deployments import cli_stock  # noqa: PLC0415 - see the module's first lines

    cli_stock.explain(seller_sku, account, config)


def _add_map(kind: str, what: str) -> None:
    """`lockstep import KIND FILE` and `lockstep export KIND [FILE]`."""

    def take_in(
        file: Annotated[Path, typer.Argument(help="The CSV file.")], config: ConfigOption = None
    ) -> None:
        from deployments import cli_maps  # noqa: PLC0415 - see the module's first lines

        cli_maps.import_file(kind, file, getpass.getuser(), config)

    def hand_out(
        file: Annotated[Path | None, typer.Argument(help="The CSV file to write; else the terminal.")] = None,
        config: ConfigOption = None,
    ) -> None:
        from deployments import cli_maps  # noqa: PLC0415 - see the module's first lines

        cli_maps.export_file(kind, file, config)

    imports.command(kind, help=f"Import {what}.")(take_in)
    exports.command(kind, help=f"Export {what}.")(hand_out)


_add_map("carriers", "the carrier map")
_add_map("skus", "the SKU map")
_add_map("services", "the ship-method map")
_add_map("buffers", "the stock buffers")
_add_map("offers", "the offer rules: caps, chosen warehouses, stops")

if __name__ == "__main__":
    main()
