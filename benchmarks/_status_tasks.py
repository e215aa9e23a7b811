"""What the worker of the benchmark of the portal status does: see status.py."""

import contextlib
import time

from common.serving import Client, serve
from lxml import etree

import odoo
from odoo import api

LIMIT, COUNT_LIMIT = 80, 10_001

# Of 1,000 contacts, 100 have a user: 55 active, 10 invited, 15 expired, 19 revoked, 1 internal. One active user
# in 50 has no password, and signed in by other means. One expired contact in three has no token any more.
CONTACTS = """
    INSERT INTO res_partner (name, complete_name, active, type, email, ref, is_company, partner_share, lang,
                             signup_token, signup_type, signup_expiration,
                             create_uid, write_uid, create_date, write_date)
    SELECT name, name, TRUE, 'contact', 'bench-' || i || '@example.com', status, FALSE, status <> 'internal', 'en_US',
           CASE WHEN status = 'invited' OR status = 'expired' AND i %% 3 <> 0 THEN substr(md5('t' || i), 1, 20) END,
           CASE WHEN status = 'invited' OR status = 'expired' AND i %% 3 <> 0 THEN 'signup' END,
           CASE status WHEN 'invited' THEN now() + interval '5 days' WHEN 'expired' THEN now() - interval '5 days' END,
           1, 1, now(), now()
      FROM (SELECT i, md5(i::text) AS name,
                   CASE WHEN i %% 10 > 0 THEN 'none'
                        WHEN i / 10 %% 100 < 55 THEN 'active'
                        WHEN i / 10 %% 100 < 65 THEN 'invited'
                        WHEN i / 10 %% 100 < 80 THEN 'expired'
                        WHEN i / 10 %% 100 < 99 THEN 'revoked'
                        ELSE 'internal' END AS status
              FROM generate_series(1, %s) AS i) AS made
"""
USERS = """
    INSERT INTO res_users (login, partner_id, company_id, active, share, notification_type, password,
                           create_uid, write_uid, create_date, write_date)
    SELECT email, id, %s, ref <> 'revoked', ref <> 'internal', 'email',
           CASE WHEN ref = 'active' AND id %% 50 > 0 THEN '$pbkdf2-sha512$600000$' || repeat('a', 110) END,
           1, 1, now() - interval '60 days', now()
      FROM res_partner WHERE email LIKE 'bench-%%' AND ref <> 'none'
"""
GROUPS = """
    INSERT INTO res_groups_users_rel (uid, gid)
    SELECT id, CASE WHEN NOT active THEN %s WHEN share THEN %s ELSE %s END FROM res_users WHERE login LIKE 'bench-%%'
"""
SIGN_INS = """
    INSERT INTO res_users_log (create_uid, create_date, write_uid, write_date)
    SELECT u.id, now() - (u.id % 500) * interval '1 day', u.id, now()
      FROM res_users u JOIN res_partner p ON p.id = u.partner_id
     WHERE u.login LIKE 'bench-%' AND p.ref IN ('active', 'internal')
"""


def prepare(bench, size: int) -> None:
    """Make the contacts, and let the database learn what they are like, as its own housekeeping does."""
    with bench.environment() as env:
        # Those who are there already: Odoo's own users and companies.
        contacts = env["res.partner"].with_context(active_test=False).search([])
        for status, same in contacts.grouped("portal_status").items():
            same.ref = status
        env.flush_all()
        env.cr.execute(CONTACTS, [size])
        env.cr.execute(USERS, [env.company.id])
        env.cr.execute(GROUPS, [env.ref(f"base.group_{name}").id for name in ("public", "portal", "user")])
        env.cr.execute(
            "INSERT INTO res_company_users_rel (cid, user_id) SELECT company_id, id FROM res_users"
            " WHERE login LIKE 'bench-%'"
        )
        env.cr.execute(SIGN_INS)
    connection = odoo.sql_db.db_connect(bench.database)
    with contextlib.closing(connection.cursor()) as cr:
        cr._cnx.autocommit = True
        cr.execute("VACUUM ANALYZE")


class List:
    """The list of contacts, as the web client shows it to the administrator."""

    client = None

    @classmethod
    def open(cls, bench):
        if not cls.client:
            cls.client = Client(bench.database, "admin")
            view = cls.client.call("res.partner", "get_views", [[False, "list"]])
            fields = cls.client.call("res.partner", "fields_get", attributes=["type"])
            names = [node.get("name") for node in etree.fromstring(view["views"]["list"]["arch"]).iter("field")]
            cls.specification = {
                name: {"fields": {"display_name": {}}} if fields[name]["type"].startswith("many2") else {}
                for name in names
            }
        return cls.client


def search_contacts(bench, domain: list) -> dict:
    """Do what the list does for a filter, and its two searches alone."""
    client = List.open(bench)
    started = time.perf_counter()
    page = client.call(
        "res.partner", "web_search_read", domain, List.specification, limit=LIMIT, count_limit=COUNT_LIMIT
    )
    figures = {"request": time.perf_counter() - started, "found": page["length"]}
    with odoo.registry(bench.database).cursor() as cr:
        contacts = api.Environment(cr, client.uid, client.context)["res.partner"]
        started = time.perf_counter()
        contacts._search(domain, limit=LIMIT, order=contacts._order).get_result_ids()
        searched = time.perf_counter()
        contacts.search_count(domain, limit=COUNT_LIMIT)
        return {**figures, "search": searched - started, "count": time.perf_counter() - searched}


def group_contacts(bench, field: str) -> dict:
    """Do what the list does to group all contacts."""
    client = List.open(bench)
    started = time.perf_counter()
    groups = client.call("res.partner", "web_read_group", [], ["id"], [field], limit=LIMIT)
    duration = time.perf_counter() - started
    return {"request": duration, "found": sorted([group[field], group[f"{field}_count"]] for group in groups["groups"])}


if __name__ == "__main__":
    serve({"prepare": prepare, "search_contacts": search_contacts, "group_contacts": group_contacts})
