"""Prepare the database of ./dev shots: a program of its own, run by the environment's Python with Odoo importable.

usage: data.py DATABASE

The same names and amounts each time, in the words of each language, so that a picture changes when the product does.
It prints what the pictures need to know: ids, and the link of an invitation, by language.
"""

import base64
import io
import json
import sys

from people import COMPANY, MANAGED, PASSWORD, PEOPLE, STANDS, WORDS  # a program finds its neighbours without dots
from PIL import Image, ImageDraw

import odoo
from odoo import SUPERUSER_ID, Command, api, fields
from odoo.tools import config

TODAY = fields.Date.today()


def days(number: int):
    """Return the day that is so many days from now."""
    return fields.Date.add(TODAY, days=number)


def prepare(env: api.Environment) -> dict:
    """Make the company, the customers of all languages and what they see; return what the pictures need."""
    make_company(env)
    provider = env.ref("payment.payment_provider_demo")
    provider.write({"state": "test", "is_published": True, "allow_tokenization": True})
    programs = make_programs(env)
    known = {
        "people": {lang: make_customer(env, lang, programs) for lang in PEOPLE},
        "managed": make_managed(env),
    }
    env["mail.mail"].search([("state", "=", "outgoing")]).unlink()
    return known


def make_company(env: api.Environment) -> None:
    """Give the company its name, its logo and what its settings switch on."""
    env.company.write({**COMPANY, "logo": make_logo()})
    env.ref("base.user_admin").partner_id.write(
        {"name": "Dana Fischer", "email": "dana@brightwater.example", "phone": COMPANY["phone"], "image_1920": False}
    )
    env["ir.config_parameter"].set_param("portal_access_ext.login_change_by_customer", "True")
    # Else Odoo's page of settings opens with a warning: there are pricelists, and their feature is off.
    env.ref("base.group_user").implied_ids += env.ref("product.group_product_pricelist")


def make_logo() -> bytes:
    """Return a plain logo."""
    image = Image.new("RGB", (180, 60), "white")
    draw = ImageDraw.Draw(image)
    draw.ellipse((4, 8, 48, 52), fill="#1f6f8b")
    draw.ellipse((20, 24, 64, 68), fill="#99c1de")
    draw.rectangle((0, 53, 180, 60), fill="white")
    buffer = io.BytesIO()
    image.crop((0, 4, 68, 56)).save(buffer, "PNG")
    return base64.b64encode(buffer.getvalue())


def make_programs(env: api.Environment):
    """Return the eWallet program and the gift cards, the first with amounts to choose from."""
    Program = env["loyalty.program"]
    wallets = Program.browse(Program.create_from_template("ewallet")["res_id"])
    wallets.write({"portal_topup_free": True})
    for lang in PEOPLE:
        wallets.with_context(lang=PEOPLE[lang].lang).name = WORDS[lang]["ewallet"]
    return wallets


def make_customer(env: api.Environment, lang: str, wallets) -> dict:
    """Make a company with three contacts and all its documents; return ids and links."""
    person, words = PEOPLE[lang], WORDS[lang]
    place = {
        "street": person.street, "zip": person.zip, "city": person.city, "country_id": env.ref(person.country).id,
        "phone": person.phone, "lang": person.lang,
    }  # fmt: skip
    Partner = env["res.partner"]
    company = Partner.create({"name": person.company, "is_company": True, "email": person.company_email, **place})
    contact, second, invited = Partner.create(
        [
            {"name": name, "email": email, "parent_id": company.id, **place}
            for name, email in (person.main, person.second, person.invited)
        ]
    )
    Partner.create(
        [
            {"name": words["warehouse"], "type": "delivery", "parent_id": company.id, **place, "phone": person.phone2,
             "street": person.street2},
            {"name": words["accounting"], "type": "invoice", "parent_id": company.id, **place, "phone": person.phone3},
        ]
    )  # fmt: skip
    (contact | second).portal_access_grant()
    invited.portal_access_grant()
    users = (contact | second).user_ids
    users.write({"password": PASSWORD, "tz": "Europe/Brussels"})
    invoices = make_invoices(env, contact, words)
    make_orders(env, contact, words)
    make_task(env, contact, words)
    tickets = make_tickets(env, contact, words)
    subscription = make_subscription(env, contact, person, words)
    make_wallet(env, contact, wallets)
    make_tokens(env, contact)
    invited.signup_prepare()
    return {
        "login": contact.email,
        "second": second.email,
        "token": invited.sudo().signup_token,
        "company": company.id,
        "contact": contact.id,
        "invoices": invoices.ids,
        "subscription": subscription.id,
        "ticket": tickets[-1].id,
    }


def make_managed(env: api.Environment) -> dict:
    """Make a company whose contacts stand in all ways with the portal; nobody signs in as them."""
    Partner = env["res.partner"]
    company = Partner.create({"name": MANAGED, "is_company": True, "email": "office@tearooms.example"})
    contacts = dict(
        zip(
            STANDS,
            Partner.create([{"name": n, "email": e, "parent_id": company.id} for n, e in STANDS.values()]),
            strict=True,
        )
    )
    granted = Partner.concat(*(contacts[name] for name in ("active", "ending", "invited", "expired", "revoked")))
    granted.portal_access_grant()
    for name in ("active", "ending"):
        env["res.users.log"].with_user(contacts[name].user_ids).sudo().create({})
    contacts["ending"].portal_access_set_until(days(45))
    contacts["revoked"].portal_access_revoke()
    invitations = env["portal.access.invitation"].search([("partner_id", "in", granted.ids)])
    env.flush_all()
    last_week = fields.Datetime.subtract(fields.Datetime.now(), days=7)
    env.cr.execute(
        "UPDATE portal_access_invitation SET state = 'sent', sent_on = now() AT TIME ZONE 'UTC'"
        " WHERE id = ANY(%s) AND state = 'queued'",
        [invitations.ids],
    )
    env.cr.execute(
        "UPDATE portal_access_invitation SET valid_until = %s WHERE partner_id = %s",
        [last_week, contacts["expired"].id],
    )
    env.cr.execute("UPDATE res_partner SET signup_expiration = %s WHERE id = %s", [last_week, contacts["expired"].id])
    env.invalidate_all(flush=False)
    return {"company": company.id, "ready": contacts["ready"].id, "active": contacts["active"].id}


def make_invoices(env: api.Environment, contact, words: dict):
    """Three invoices: in instalments, overdue, and partly paid."""
    half = env["account.payment.term"].create(
        {
            "name": words["two_parts"],
            "line_ids": [
                Command.create({"value": "percent", "value_amount": 50, "nb_days": number}) for number in (10, 40)
            ],
        }
    )
    invoices = env["account.move"].create(
        [
            {
                "move_type": "out_invoice",
                "partner_id": contact.id,
                "invoice_date": days(-age),
                "invoice_payment_term_id": term,
                **({} if term else {"invoice_date_due": days(30 - age)}),
                "invoice_line_ids": [Command.create({"name": words[name], "price_unit": price, "tax_ids": []})],
            }
            for name, price, age, term in (
                ("consulting", 480.0, 5, half.id),
                ("installation", 1250.0, 60, False),
                ("training", 320.0, 12, False),
            )
        ]
    )
    invoices.action_post()
    wizard = env["account.payment.register"].with_context(active_model="account.move", active_ids=invoices[2:].ids)
    wizard.create({"amount": 120.0, "payment_date": days(-3)})._create_payments()
    return invoices


def make_orders(env: api.Environment, contact, words: dict) -> None:
    """One quotation to sign and two orders."""
    product = env["product.product"].create({"name": words["shelf"], "list_price": 140.0, "taxes_id": []})
    lines = [Command.create({"product_id": product.id, "product_uom_qty": 2})]
    orders = env["sale.order"].create([{"partner_id": contact.id, "order_line": lines} for _number in range(3)])
    orders[0].action_quotation_sent()
    orders[1:].action_confirm()


def make_task(env: api.Environment, contact, words: dict) -> None:
    """A project with two tasks that the customer follows."""
    project = env["project.project"].create(
        {"name": words["project"], "partner_id": contact.id, "privacy_visibility": "portal"}
    )
    tasks = env["project.task"].create(
        [{"name": name, "project_id": project.id, "partner_id": contact.id} for name in words["tasks"]]
    )
    project.message_subscribe(contact.ids)
    tasks.message_subscribe(contact.ids)


def make_tickets(env: api.Environment, contact, words: dict):
    """Two tickets."""
    stages = (env.ref(f"helpdesk_mgmt.helpdesk_ticket_stage_{name}") for name in ("new", "in_progress"))
    return env["helpdesk.ticket"].create(
        [
            {"name": name, "description": f"<p>{name}</p>", "partner_id": contact.id, "stage_id": stage.id}
            for name, stage in zip(words["tickets"], stages, strict=True)
        ]
    )


def make_subscription(env: api.Environment, contact, person, words: dict):
    """One subscription in progress, with its first invoice, which is paid."""
    template = env["sale.subscription.template"].create(
        {"name": words["monthly"], "code": "MONTH", "recurring_rule_type": "months", "invoicing_mode": "invoice"}
    )
    product = env["product.product"].create(
        {
            "name": words["maintenance"], "type": "service", "list_price": 49.0, "taxes_id": [],
            "subscribable": True, "subscription_template_id": template.id,
        }
    )  # fmt: skip
    subscription = env["sale.subscription"].create(
        {
            "partner_id": contact.id,
            "template_id": template.id,
            "pricelist_id": env["product.pricelist"].create({"name": person.company}).id,
            "sale_subscription_line_ids": [Command.create({"product_id": product.id})],
        }
    )
    subscription.action_start_subscription()
    subscription.manual_invoice()
    subscription.invoice_ids.action_post()
    wizard = env["account.payment.register"].with_context(
        active_model="account.move", active_ids=subscription.invoice_ids.ids
    )
    wizard.create({})._create_payments()
    return subscription


def make_wallet(env: api.Environment, contact, wallets) -> None:
    """An eWallet with funds."""
    card = {"program_id": wallets.id, "partner_id": contact.id, "points": 75}
    env["loyalty.card"].with_context(loyalty_no_mail=True).create([card])


def make_tokens(env: api.Environment, contact) -> None:
    """One card of the customer's, and one of the company's."""
    method = env.ref("payment.payment_method_visa")
    env["payment.token"].create(
        [
            {
                "provider_id": env.ref("payment.payment_provider_demo").id,
                "payment_method_id": method.id,
                "payment_details": details,
                "provider_ref": details,
                "partner_id": partner.id,
                "demo_simulated_state": "done",
            }
            for partner, details in ((contact.parent_id, "1881"), (contact, "4242"))
        ]
    )


def use_euros(cr) -> None:
    """Let the company count in euros: Odoo refuses that once there is an entry, and its demo data has some."""
    cr.execute("UPDATE res_currency SET active = TRUE WHERE name = 'EUR' RETURNING id")
    [euro] = cr.fetchone()
    for table in ("res_company", "product_pricelist"):
        cr.execute(f"UPDATE {table} SET currency_id = %s", [euro])
    cr.execute("UPDATE account_journal SET currency_id = NULL")
    cr.execute("DELETE FROM res_currency_rate")


def main(database: str) -> None:
    """Open the database without mail leaving it, and prepare it."""
    config.parse_config(["-d", database, "--no-http", "--max-cron-threads=0"])
    registry = odoo.registry(database)
    with registry.cursor() as cr:
        use_euros(cr)
    with registry.cursor() as cr:
        registry.clear_all_caches()
        env = api.Environment(cr, SUPERUSER_ID, {"lang": "en_US", "mail_notrack": True, "mail_create_nolog": True})
        known = prepare(env(user=env.ref("base.user_admin"), su=True))
    sys.stdout.write(json.dumps(known))


if __name__ == "__main__":
    main(sys.argv[1])
