"""./dev demo: Odoo with demo data and our addons, a mail catcher, and a word on what to try."""

import contextlib
import http.client
import socket
import subprocess
import time
from pathlib import Path

from . import pdf
from .addons import files_key
from .console import Problem, result, say, step
from .context import Context
from .databases import BASES, OCA_APPS, Databases
from .mail_catcher import MailCatcher
from .mail_page import MailPage
from .processes import Child, lock, run_or_explain, tail
from .settings import LOGS, ROOT, short_hash

HOST = "127.0.0.1"
START_TIMEOUT = 180
MAIL_SERVER = "Mail catcher of ./dev demo"
LOG = LOGS / "demo.log"
DEMO_DATA = Path(__file__).with_name("demo_data.py")


def run(options) -> int:
    """Carry out ./dev demo, until Ctrl-C."""
    ports = {"--port": options.port, "--mail-port": options.mail_port, "--smtp-port": options.smtp_port}
    check_ports(ports)
    pdf.ensure()
    context = Context()
    databases = Databases(context)
    with lock(databases.demo_name, busy="A demo of this checkout is running already."):
        prepare(context, databases, options.fresh)
        name = databases.demo_name
        point_to_this_run(context, name, options.port, options.smtp_port)
        with (
            MailCatcher(HOST, options.smtp_port) as catcher,
            MailPage(catcher, HOST, options.mail_port) as page,
            LOG.open("w", encoding="utf-8") as log,
            Child(
                context.odoo_command(
                    *("-d", name, "--db-filter", f"^{name}$", "--no-database-list"),
                    *("--http-port", str(options.port), "--workers=0", "--max-cron-threads=1"),
                ),
                env=context.environ(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            ) as child,
        ):
            wait_for_odoo(child, options.port)
            welcome(options.port, page.port, catcher.port)
            code = child.process.wait()
            raise Problem(f"Odoo ended by itself (exit code {code}). The end of {LOG}:\n{tail(LOG)}")


def check_ports(ports: dict[str, int]) -> None:
    """Check that nothing listens where we want to.

    :raise Problem: naming the option that chooses another port
    """
    if len(set(ports.values())) < len(ports):
        raise Problem(f"{', '.join(ports)} must be three different ports.")
    for option, port in ports.items():
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((HOST, port))
            except (OSError, OverflowError) as error:
                raise Problem(
                    f"Port {port} cannot be used: {error}.",
                    f"end the program that uses it, or choose another: ./dev demo {option} {port % 50000 + 1000}",
                ) from error


def prepare(context: Context, databases: Databases, fresh: bool) -> None:
    """Make the demo's database, or upgrade our addons in it when their files changed."""
    name = databases.demo_name
    origin = f"{databases.base('demo')} {short_hash(DEMO_DATA.read_text(encoding='utf-8'), *OCA_APPS)} "
    addons = databases.own_addons((*BASES["demo"].modules, *OCA_APPS))
    modules = ",".join(addon.name for addon in addons)
    state = f"{origin}{modules} {files_key(addons)}"
    existing = databases.note(name) if databases.exists(name) else ""
    if existing == state and not fresh:
        return
    if existing.startswith(origin) and not fresh:
        with step("upgrading our addons in the demo: their files changed") as now:
            arguments = ["-i", modules, "-u", modules]
            databases.run_odoo(name, *arguments, log=LOGS / "demo-upgrade.log", current=now, title="The upgrade")
    else:
        template = databases.template("demo", OCA_APPS)
        with step("making the demo's customer and documents"):
            databases.drop(name)
            databases.copy(template, name)
            run_or_explain(
                [context.python, DEMO_DATA, name],
                LOGS / "demo-data.log",
                "Making the demo data",
                env=context.environ(),
            )
    databases.set_note(name, state)


def point_to_this_run(context: Context, name: str, port: int, smtp_port: int) -> None:
    """Send the database's mail to the catcher and its links to this server: the ports may be new."""
    address = f"http://localhost:{port}"
    with context.server.cursor(name) as cursor:
        cursor.execute("UPDATE ir_mail_server SET active = (name = %s)", [MAIL_SERVER])
        cursor.execute("UPDATE ir_mail_server SET smtp_port = %s WHERE name = %s", [smtp_port, MAIL_SERVER])
        if not cursor.rowcount:
            cursor.execute(
                "INSERT INTO ir_mail_server (name, smtp_host, smtp_port, smtp_authentication, smtp_encryption,"
                " sequence, active) VALUES (%s, %s, %s, 'login', 'none', 1, true)",
                [MAIL_SERVER, HOST, smtp_port],
            )
        for key, value in (("web.base.url", address), ("web.base.url.freeze", "True")):
            cursor.execute(
                "INSERT INTO ir_config_parameter (key, value) VALUES (%s, %s)"
                " ON CONFLICT (key) DO UPDATE SET value = EXCLUDED.value",
                [key, value],
            )


def wait_for_odoo(child: Child, port: int) -> None:
    """Wait until Odoo answers.

    :raise Problem: with the end of its log, when it ends or does not come up
    """
    with step("starting Odoo"):
        deadline = time.monotonic() + START_TIMEOUT
        while time.monotonic() < deadline:
            if child.process.poll() is not None:
                raise Problem(f"Odoo does not start. The end of {LOG}:\n{tail(LOG)}")
            with contextlib.suppress(OSError, http.client.HTTPException):
                connection = http.client.HTTPConnection(HOST, port, timeout=60)
                connection.request("GET", "/web/login")
                if connection.getresponse().status == http.client.OK:
                    return
            time.sleep(0.2)
        raise Problem(f"Odoo does not answer after {START_TIMEOUT} seconds. The end of {LOG}:\n{tail(LOG)}")


def welcome(port: int, mail_port: int, smtp_port: int) -> None:
    """Say where everything is and what to try first."""
    say()
    result(f"""\
Odoo          http://localhost:{port}         administrator: admin / admin
                                            customer: portal / portal (use a private window)
Caught mail   http://localhost:{mail_port}         Odoo sends to port {smtp_port}; nothing leaves this machine
Odoo's log    {LOG.relative_to(ROOT)}

What to try first
  1. As admin, open Contacts, switch to the list, tick several contacts,
     and choose Action > Grant portal access.
  2. Tick In Portal on the rows that are ready, write a message, click Apply.
  3. Open the page of caught mail and follow the link of an invitation (in a private window):
     choose a password, and you are the customer, on the portal.
  4. As portal, save a card under Payment methods (any number will do), pay an invoice,
     and add funds to the eWallet.
  5. Back as admin, Revoke Access: the customer is signed out at the next click.

Languages: English, German, French, Italian, Dutch. Ctrl-C ends it; ./dev demo --fresh starts over.""")
