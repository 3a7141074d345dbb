"""The verb that serves a local Partner Central."""

from typing import Annotated

import typer

from pipelines.cli.app import app, utc_now


@app.command(epilog="Example: cosell sandbox --port 8700 --opportunities 500")
def sandbox(
    host: Annotated[str, typer.Option(help="Address to listen on: of loopback, or with --allow-remote.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port; 0 takes a free one.")] = 8700,
    opportunities: Annotated[int, typer.Option(min=0, help="Opportunities in the world at its start.")] = 2000,
    seed: Annotated[int, typer.Option(help="The same seed gives the same world.")] = 7,
    allow_remote: Annotated[
        bool, typer.Option("--allow-remote", help="Let other machines in too; it checks no credentials.")
    ] = False,
) -> None:
    """Serve a local Partner Central for any AWS client. It is a sandbox: nothing in it is real."""
    from pipelines.demo import new_world, serve_sandbox

    serve_sandbox(host, port, new_world(opportunities, seed, utc_now()), allow_remote=allow_remote)
