"""What the workers of the benchmark of the access dialog do: see access.py.

A task returns at least `seconds` and `queries`. It fails when it did not do what it measures.
"""

from statistics import fmean, median

from _access_contacts import MANAGER, find, prepare, prepare_tokens, settle
from common.serving import PAGE, Client, Meter, form_specification, serve

TOKEN_QUERY = "SELECT id FROM res_partner WHERE signup_token = %s AND active"  # auth_signup's


class Dialog:
    """The access dialog on a set of contacts, as the web client drives it.

    What is measured is the server: the pages that the user turns, and the rows that the client asks
    the server about while the user types, are left out on both sides.
    """

    def __init__(self, bench, name: str):
        self.client = Client(bench.database, MANAGER)
        with bench.environment() as env:
            self.contacts = find(env, name).ids
        self.page = form_specification(self.client, "portal.wizard")
        self.all_rows = form_specification(self.client, "portal.wizard", limit=None)
        self.id = None

    def open(self) -> None:
        """Create the dialog's records, as choosing the action in the list of contacts does."""
        context = {"active_model": "res.partner", "active_id": self.contacts[0], "active_ids": self.contacts}
        self.id = self.client.call("portal.wizard", "action_open_wizard", context=context)["res_id"]

    def read(self, specification: dict) -> list[dict]:
        """Read the form, and return its rows."""
        return self.client.call("portal.wizard", "web_read", [self.id], specification=specification)[0]["user_ids"]

    def save(self, rows: dict[int, dict]) -> None:
        """Save what was changed in rows, as the client does before any button."""
        commands = [[1, row_id, values] for row_id, values in rows.items()]
        self.client.call("portal.wizard", "web_save", [self.id], {"user_ids": commands}, self.page)

    def rows(self, **changes) -> dict[int, dict]:
        """Return a change for each row, by row id; what is callable is called with the row id."""
        ids = [row["id"] for row in self.read(self.page)]
        return {
            row_id: {name: value(row_id) if callable(value) else value for name, value in changes.items()}
            for row_id in ids
        }


def change_access(
    bench, name: str, action: str, typed: bool = False, clicks: int = 0, until_sent: bool = False
) -> dict:
    """Grant or revoke the access of a set, in stock row by row, with our addon by one Apply.

    :param action: `grant` or `revoke`
    :param typed: with another email typed in each row
    :param clicks: how many rows are really clicked in stock; the rest is extrapolated
    :param until_sent: with our addon, go on until the mails are sent; stock sends within each click
    """
    dialog = Dialog(bench, name)
    dialog.open()
    changes = {"email": lambda row_id: f"typed-{row_id}@example.com"} if typed else {}
    if bench.is_ours:
        changed = len(dialog.contacts)
        figures = _apply(dialog, dialog.rows(in_portal=action == "grant", **changes))
        if until_sent:
            figures |= _deliver(bench, figures)
    else:
        rows = dialog.rows(**changes)
        changed = min(clicks or len(rows), len(rows))
        figures = _click(dialog, dict(list(rows.items())[:changed]), f"action_{action}_access", len(rows))
    _check_access(bench, dialog.contacts, changed if action == "grant" else len(dialog.contacts) - changed)
    with bench.environment() as env:
        settle(bench, env)
    return figures


def _apply(dialog: Dialog, rows: dict[int, dict]) -> dict:
    """Save the ticks, press Apply, and read what the client reads again."""
    with Meter() as save:
        dialog.save(rows)
    with Meter() as apply:
        dialog.client.call("portal.wizard", "action_apply", [dialog.id])
    with Meter() as read:
        dialog.read(dialog.page)
    return {
        **_total(save, apply, read),
        **save.figures("save_"),
        **apply.figures("apply_"),
        **read.figures("read_"),
    }


def _total(*meters: Meter) -> dict:
    return {
        "seconds": sum(meter.seconds for meter in meters),
        "queries": sum(meter.queries for meter in meters),
    }


def _click(dialog: Dialog, rows: dict[int, dict], method: str, total: int) -> dict:
    """Click the button of each of the given rows, each click followed by what the client reads again."""
    clicks = []
    for row_id, values in rows.items():
        with Meter() as meter:
            if values:
                dialog.save({row_id: values})
            dialog.client.call("portal.wizard.user", method, [row_id])
            dialog.read(dialog.page)
        clicks.append(meter)
    return {
        "seconds": _extrapolate([click.seconds for click in clicks], total),
        "queries": round(_extrapolate([click.queries for click in clicks], total)),
        "clicks": len(clicks),
    }


def _extrapolate(values: list[float], total: int) -> float:
    """Return the sum over `total` clicks, of which only the first ones were measured.

    While the rows of the first page change, each click costs more than the one before; from then on
    they cost the same.
    """
    if len(values) == total:
        return sum(values)
    settled = values[PAGE:]
    return sum(values[:PAGE]) + fmean(settled) * (total - PAGE)


def _check_access(bench, contact_ids: list[int], expected: int) -> None:
    with bench.environment() as env:
        count = env["res.users"].search_count(
            [("partner_id", "in", contact_ids), ("groups_id", "in", env.ref("base.group_portal").ids)]
        )
    if count != expected:
        raise AssertionError(f"{count} contacts have access, not {expected}")


def _deliver(bench, figures: dict) -> dict:
    """Let the crons render and send what was queued, until the mail server has accepted the last message."""
    with Meter() as meter:
        _run_cron(bench, "portal.access.invitation", "_cron_send")
        _run_cron(bench, "mail.mail", "process_email_queue")
    return {"sent_seconds": figures["seconds"] + meter.seconds, "sent_queries": figures["queries"] + meter.queries}


def _run_cron(bench, model: str, method: str) -> None:
    with bench.environment() as env:
        getattr(env[model], method)()


def queue_mails(bench, name: str) -> dict:
    """Render and queue the invitations of a set, without sending them."""
    dialog = Dialog(bench, name)
    with bench.environment() as env:
        before = env["mail.mail"].search_count([("state", "=", "outgoing")])
    figures = _queue_ours(bench, dialog) if bench.is_ours else _queue_stock(bench, dialog)
    with bench.environment() as env:
        queued = env["mail.mail"].search_count([("state", "=", "outgoing")]) - before
        settle(bench, env)
    if queued != len(dialog.contacts):
        raise AssertionError(f"{queued} mails were queued, not {len(dialog.contacts)}")
    return figures


def _queue_ours(bench, dialog: Dialog) -> dict:
    dialog.client.call("res.partner", "portal_access_invite", dialog.contacts)
    with Meter() as meter:
        _run_cron(bench, "portal.access.invitation", "_cron_send")
    return meter.figures()


def _queue_stock(bench, dialog: Dialog) -> dict:
    """Do for all rows what stock's `_send_email` does for one, by Odoo's own method for many records."""
    dialog.open()
    with Meter() as meter, bench.environment(lang="en_US", portal_url="https://example.com/my") as env:
        rows = env["portal.wizard"].browse(dialog.id).user_ids
        env.ref("portal.mail_template_data_portal_welcome").send_mail_batch(rows.ids, force_send=False)
    return meter.figures()


def open_dialog(bench, name: str) -> dict:
    """Open the dialog, and read its first page, as the client does, and all its rows."""
    dialog = Dialog(bench, name)
    with Meter() as create:
        dialog.open()
    with Meter() as page:
        dialog.read(dialog.page)
    with Meter() as read:
        rows = dialog.read(dialog.all_rows)
    if not all("email" in row for row in rows) or len(rows) != len(dialog.contacts):
        raise AssertionError("not all rows were read")
    return {
        **_total(create, read),
        **create.figures("create_"),
        **page.figures("page_"),
        **read.figures("read_"),
    }


def look_up_tokens(bench, tokens: list[str]) -> dict:
    """Look up contacts by their sign-up tokens, each in a request of its own."""
    meters = []
    for token in tokens:
        with bench.environment() as env, Meter() as meter:
            partner = env["res.partner"]._signup_retrieve_partner(token)
        if not partner:
            raise AssertionError(f"no contact has the token {token}")
        meters.append(meter)
    with bench.environment() as env:
        env.cr.execute(f"EXPLAIN {TOKEN_QUERY}", [tokens[0]])
        plan = env.cr.fetchone()[0]
    return {
        "seconds": median(meter.seconds for meter in meters),
        "queries": median(meter.queries for meter in meters),
        "plan": plan,
    }


if __name__ == "__main__":
    serve(
        {
            "prepare": prepare,
            "prepare_tokens": prepare_tokens,
            "change_access": change_access,
            "queue_mails": queue_mails,
            "open_dialog": open_dialog,
            "look_up_tokens": look_up_tokens,
        }
    )
