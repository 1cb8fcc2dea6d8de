"""`demo`: start server and sandbox, play the main job once, and keep serving."""

import errno
import multiprocessing
import shlex
import shutil
import signal
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from connectsmith.cli import local
from connectsmith.cli.demo_story import PRACTICE, Sandbox, Story
from connectsmith.cli.local import Prepared
from connectsmith.cli.printing import say, warn
from connectsmith.cli.setting_flags import with_settings
from connectsmith.cli.surroundings import Surroundings, around
from connectsmith.errors import ConnectsmithError, StartRefused, TokenRequired
from connectsmith.sdk import Client, Profile, operations, write_profile
from connectsmith.settings import Loaded, Settings

_PATIENCE_SECONDS = 60.0
_PAUSE_SECONDS = 0.05


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(demo)


@with_settings
def demo(
    context: typer.Context,
    loaded: Loaded,
    *,
    again: Annotated[
        bool, typer.Option("--again", help="Play the demo although it was played before.")
    ] = False,
    leave: Annotated[
        bool, typer.Option("--leave", help="End after the demo instead of serving on.")
    ] = False,
) -> None:
    """Try everything out: server, sandbox, the main job.

    Plays the main job once through the REST API and keeps serving.
    """
    surroundings = around(context)
    settings = _with_sandbox(_quiet(loaded))
    _check_port(settings.host, "port", settings.port)
    _check_port("127.0.0.1", "sandbox_port", settings.sandbox_port)
    prepared = local.prepare(settings, surroundings)
    signal.signal(
        signal.SIGTERM, signal.default_int_handler
    )  # a polite kill ends us as Ctrl-C does
    with _sandbox(settings.sandbox_port) as sandbox, _server(settings) as server:
        profile = _own_profile(settings, surroundings)
        with Client(profile) as client:
            name = _play(client, sandbox, surroundings.program, again=again)
        _remember(profile, surroundings)
        if not leave:
            say(_box(settings, surroundings, name, prepared))
            _wait_for_the_end(server)


def _quiet(loaded: Loaded) -> Settings:
    """Let the story be read: only warnings between its lines, unless somebody set it otherwise."""
    source = next(each.source for each in loaded.values if each.name == "log_level")
    return replace(loaded.settings, log_level="warning") if source == "default" else loaded.settings


def _with_sandbox(settings: Settings) -> Settings:
    """Let the server reach the sandbox, whichever address `localhost` stands for."""
    pairs = (f"127.0.0.1:{settings.sandbox_port}", f"[::1]:{settings.sandbox_port}")
    return replace(settings, allow_private=tuple(dict.fromkeys((*settings.allow_private, *pairs))))


def _check_port(host: str, name: str, port: int) -> None:
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as fault:
            why = "in use" if fault.errno == errno.EADDRINUSE else f"not ours: {fault.strerror}"
            flag = f"--{name.replace('_', '-')}"
            raise StartRefused(
                f"{host}:{port} is {why}. Stop what uses it, or choose another port: "
                f"{flag} {port + 10}."
            ) from fault


def _own_profile(settings: Settings, surroundings: Surroundings) -> Profile:
    """Return the profile, at the address where this very server listens."""
    try:
        profile = surroundings.profile()
    except TokenRequired as fault:
        raise TokenRequired(
            "The API token of this installation is lost: "
            f"`{surroundings.program} token create --local` makes another."
        ) from fault
    return replace(profile, address=local.own_address(settings))


@contextmanager
def _sandbox(port: int) -> Iterator[Sandbox]:
    from connectsmith.sandbox import server  # noqa: PLC0415 - seldom needed

    with server.running_sandbox(port=port):
        yield Sandbox(f"http://localhost:{port}")


@contextmanager
def _server(settings: Settings) -> Iterator[multiprocessing.process.BaseProcess]:
    """Serve from a process of its own, and end it with us."""
    process = multiprocessing.get_context("spawn").Process(
        target=local.serve_as_child, args=(settings,), name="connectsmith-server"
    )
    process.start()
    try:
        _wait_until_it_answers(settings, process)
        yield process
    finally:
        process.terminate()
        process.join(_PATIENCE_SECONDS)


def _wait_until_it_answers(
    settings: Settings, process: multiprocessing.process.BaseProcess
) -> None:
    pause = threading.Event()
    with Client(Profile(local.own_address(settings), None)) as client:
        for _ in range(int(_PATIENCE_SECONDS / _PAUSE_SECONDS)):
            try:
                client.send(operations.health())
            except ConnectsmithError:
                if not process.is_alive():
                    break
                pause.wait(_PAUSE_SECONDS)
            else:
                return
    raise StartRefused("The server did not start; what it printed above says why.")


def _play(client: Client, sandbox: Sandbox, program: str, *, again: bool) -> str:
    """Play the main job, or make what is left of it usable; return the connector's name."""
    story = Story(client, sandbox, say)
    told = None if again else story.told()
    if told is None:
        say("The main job, step by step, through the public REST API:\n")
        return story.tell().connector_name or PRACTICE
    warn(f"The demo was played here before; `{program} demo --again` plays it again.")
    story.sign_in_again(told)
    warn(f'The sandbox forgets everything when it stops: Ada signed in to "{told.connector_name}".')
    return told.connector_name or PRACTICE


def _remember(profile: Profile, surroundings: Surroundings) -> None:
    """Let the next command find this server, whose API token has just been seen to work."""
    if surroundings.profile() != profile:
        write_profile(surroundings.profile_file, profile)


def _wait_for_the_end(server: multiprocessing.process.BaseProcess) -> None:
    try:
        server.join()
    except KeyboardInterrupt:
        warn("Stopping.")
    else:
        raise StartRefused("The server ended by itself; what it printed above says why.")


def _box(settings: Settings, surroundings: Surroundings, name: str, prepared: Prepared) -> str:
    program = surroundings.program
    places = surroundings.places
    remove = {
        _removable(settings.data_dir, places.data_dir),
        _removable(settings.key_file.parent, places.key_file.parent),
        surroundings.profile_file.parent,
    }
    if surroundings.environment:
        remove.add(surroundings.environment)
    to_remove = " ".join(shlex.quote(str(each)) for each in sorted(remove))
    link = prepared.link
    first = {} if link is None else {"Sign in": f"{link} (once, within 30 minutes)"}
    rows = {
        "Workbench": prepared.public_url,
        **first,
        "Sandbox": f"http://localhost:{settings.sandbox_port}",
        "Next": f'{program} call "{name}" events.list calendar=team',
        "Data": str(settings.data_dir),
        "Key": str(settings.key_file),
        "Profile": str(surroundings.profile_file),
        "Stop": "Ctrl-C",
        "Remove all": f"rm -rf {to_remove}",
    }
    lines = [f"{name:<12}{value}" for name, value in rows.items()]
    return framed(lines, columns=shutil.get_terminal_size().columns)


def _removable(used: Path, usual: Path) -> Path:
    """Return the folder that is ours alone: `connectsmith`, where a place is the usual one."""
    return usual.parent if used == usual else used


def framed(lines: list[str], *, columns: int = 80) -> str:
    """Put a frame around lines; it stays open on the right where a line is too long for it."""
    width = max(map(len, lines))
    if width + 4 > columns:
        bar = "─" * (columns - 1)
        body = "\n".join(f"│ {line}" for line in lines)
        return f"\n┌{bar}\n{body}\n└{bar}"
    bar = "─" * (width + 2)
    body = "\n".join(f"│ {line:<{width}} │" for line in lines)
    return f"\n┌{bar}┐\n{body}\n└{bar}┘"
