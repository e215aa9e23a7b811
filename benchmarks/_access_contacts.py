"""The contacts on which the benchmark of the access dialog works: the same in stock and with our addon.

A set is the contacts of one operation and size, such as `grant/100`. Its name is in their `ref`.
"""

from odoo import Command

MANAGER = "bench-manager"
# Sets whose contacts have access from the start: all of them, or every other one.
WITH_ACCESS = {"revoke": 1, "mail": 1, "reread": 1, "open": 2}


def prepare(bench, sets: dict[str, int]) -> None:
    """Make the sets, and the contact manager who works on them.

    :param sets: the number of contacts by set
    """
    with bench.environment(no_reset_password=True, tracking_disable=True) as env:
        env.company.write({"email": "office@example.com", "name": "Bench Company"})
        _make_manager(env)
        for name, size in sets.items():
            contacts = _make_contacts(env, name, size)
            step = WITH_ACCESS.get(name.partition("/")[0])
            if step:
                _give_access(bench, env, contacts[::step])
        settle(bench, env)
    _analyze(bench)


def find(env, name: str):
    """Return the contacts of a set."""
    return env["res.partner"].search([("ref", "=", name)], order="id")


def settle(bench, env) -> None:
    """Leave nothing to send behind, as if the mails had gone out long ago."""
    env.flush_all()
    env.cr.execute("UPDATE mail_mail SET state = 'cancel' WHERE state = 'outgoing'")
    if bench.is_ours:
        env.cr.execute("UPDATE portal_access_invitation SET state = 'sent', sent_on = now() WHERE state = 'queued'")
    env.invalidate_all()


def prepare_tokens(bench, size: int) -> list[str]:
    """Make a database of many contacts, all with a sign-up token, and return some of the tokens."""
    with bench.environment() as env:
        env.cr.execute(
            """
            INSERT INTO res_partner (name, complete_name, active, type, email, signup_token, signup_type,
                                     signup_expiration, create_uid, write_uid, create_date, write_date)
            SELECT 'Contact ' || i, 'Contact ' || i, TRUE, 'contact', 'contact-' || i || '@example.com',
                   substr(md5(i::text), 1, 20), 'signup', now() + interval '7 days', 1, 1, now(), now()
              FROM generate_series(1, %s) AS i
            """,
            [size],
        )
        env.cr.execute(
            "SELECT substr(md5(i::text), 1, 20) FROM generate_series(%s, %s, %s) AS i",
            [size // 40, size, size // 20],
        )
        tokens = [token for (token,) in env.cr.fetchall()]
    _analyze(bench)
    return tokens


def _make_manager(env) -> None:
    groups = [env.ref("base.group_user").id, env.ref("base.group_partner_manager").id]
    env["res.users"].create(
        {
            "name": "Maria Manager",
            "login": MANAGER,
            "email": "maria@example.com",
            "groups_id": [Command.set(groups)],
        }
    )


def _make_contacts(env, name: str, size: int):
    slug = name.replace("/", "-").replace("_", "-")
    return env["res.partner"].create(
        [
            {
                "name": f"Contact {number} of {name}",
                "ref": name,
                "email": f"contact-{number}@{slug}.example.com",
                "lang": "en_US",
            }
            for number in range(size)
        ]
    )


def _give_access(bench, env, contacts) -> None:
    if bench.is_ours:
        contacts.portal_access_grant()
    else:
        _give_stock_access(env, contacts)
    # Customers have signed in before.
    env.cr.execute(
        "INSERT INTO res_users_log (create_uid, create_date) SELECT id, now() FROM res_users WHERE partner_id IN %s",
        [tuple(contacts.ids)],
    )


def _give_stock_access(env, contacts) -> None:
    """Make what stock's own button makes, in one batch."""
    env["res.users"].create(
        [
            {
                "partner_id": contact.id,
                "login": contact.email,
                "groups_id": [Command.set([env.ref("base.group_portal").id])],
            }
            for contact in contacts
        ]
    )
    contacts.signup_prepare()
    env.flush_all()


def _analyze(bench) -> None:
    with bench.environment() as env:
        env.cr.execute("ANALYZE")
