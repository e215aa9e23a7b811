"""Prepare a new demo database: a program of its own, run by the environment's Python with Odoo importable.

usage: demo_data.py DATABASE
"""

import sys

import odoo
from odoo import SUPERUSER_ID, Command, api, fields
from odoo.tools import config


def prepare(env: api.Environment) -> None:
    """Give the demo what a visitor wants to try: a saved card's provider, and a customer with documents."""
    enable_demo_provider(env)
    customer = env.ref("base.partner_demo_portal")
    make_orders(env, customer)
    make_invoices(env, customer)
    make_purchase(env, customer)
    make_task(env, customer)
    make_tickets(env, customer)
    make_subscription(env, customer)
    make_ewallet(env, customer)
    discard_queued_mail(env)


def enable_demo_provider(env: api.Environment) -> None:
    """Let customers pay with, and save, a card that no bank knows."""
    provider = env.ref("payment.payment_provider_demo")
    provider.write({"state": "test", "is_published": True, "allow_tokenization": True})


def make_orders(env: api.Environment, customer) -> None:
    """One quotation to sign and one confirmed order."""
    product = env["product.product"].search([("sale_ok", "=", True), ("type", "=", "consu")], limit=1)
    lines = [Command.create({"product_id": product.id, "product_uom_qty": 2})]
    orders = env["sale.order"].create([{"partner_id": customer.id, "order_line": lines} for _number in range(2)])
    orders[0].action_quotation_sent()
    orders[1].action_confirm()


def make_invoices(env: api.Environment, customer) -> None:
    """One invoice that is due and one that is overdue."""
    today = fields.Date.context_today(customer)
    invoices = env["account.move"].create(
        [
            {
                "move_type": "out_invoice",
                "partner_id": customer.id,
                "invoice_date": fields.Date.subtract(today, days=days),
                "invoice_payment_term_id": False,
                "invoice_date_due": fields.Date.add(today, days=30 - days),
                "invoice_line_ids": [Command.create({"name": name, "price_unit": price, "tax_ids": []})],
            }
            for name, price, days in (("Consulting", 480.0, 5), ("Installation", 1250.0, 60))
        ]
    )
    invoices.action_post()


def make_purchase(env: api.Environment, customer) -> None:
    """One purchase order, for a customer who is a vendor too."""
    product = env["product.product"].search([("purchase_ok", "=", True), ("type", "=", "consu")], limit=1)
    lines = [Command.create({"product_id": product.id, "product_qty": 3, "price_unit": 20.0})]
    env["purchase.order"].create({"partner_id": customer.id, "order_line": lines}).button_confirm()


def make_task(env: api.Environment, customer) -> None:
    """A project the customer follows, with a task and a timesheet."""
    project = env["project.project"].create(
        {"name": "New office", "partner_id": customer.id, "privacy_visibility": "portal", "allow_timesheets": True}
    )
    task = env["project.task"].create({"name": "Plan the move", "project_id": project.id, "partner_id": customer.id})
    (project | task.project_id).message_subscribe(customer.ids)
    task.message_subscribe(customer.ids)
    employee = env["hr.employee"].search([("user_id", "!=", False)], limit=1)
    env["account.analytic.line"].create(
        {
            "name": "First visit",
            "project_id": project.id,
            "task_id": task.id,
            "employee_id": employee.id,
            "unit_amount": 2.5,
        }
    )


def make_tickets(env: api.Environment, customer) -> None:
    """One ticket that waits, and one that somebody works on."""
    stages = (env.ref(f"helpdesk_mgmt.helpdesk_ticket_stage_{name}") for name in ("new", "in_progress"))
    names = ("The invoice is not in my portal", "How do I add a second contact?")
    env["helpdesk.ticket"].create(
        [
            {"name": name, "description": f"<p>{name}</p>", "partner_id": customer.id, "stage_id": stage.id}
            for name, stage in zip(names, stages, strict=True)
        ]
    )


def make_subscription(env: api.Environment, customer) -> None:
    """One subscription in progress, with its first invoice."""
    template = env["sale.subscription.template"].create(
        {"name": "Monthly", "code": "MONTH", "recurring_rule_type": "months", "invoicing_mode": "invoice"}
    )
    product = env["product.product"].create(
        {
            "name": "Maintenance",
            "type": "service",
            "list_price": 49.0,
            "taxes_id": [],
            "subscribable": True,
            "subscription_template_id": template.id,
        }
    )
    subscription = env["sale.subscription"].create(
        {
            "partner_id": customer.id,
            "template_id": template.id,
            "pricelist_id": env["product.pricelist"].create({"name": "Subscriptions"}).id,
            "sale_subscription_line_ids": [Command.create({"product_id": product.id})],
        }
    )
    subscription.action_start_subscription()
    subscription.manual_invoice()  # which also says when the next one is made
    subscription.invoice_ids.action_post()


def make_ewallet(env: api.Environment, customer) -> None:
    """An eWallet from which an order was paid, a gift card and a loyalty card."""
    Program = env["loyalty.program"]
    wallets, clubs = (
        Program.browse(Program.create_from_template(template)["res_id"]) for template in ("ewallet", "loyalty")
    )
    wallets.portal_topup_free = True
    gifts = env.ref("loyalty.gift_card_program")
    expires_on = fields.Date.add(fields.Date.context_today(customer), months=6)
    wallet = (
        env["loyalty.card"]
        .with_context(loyalty_no_mail=True)
        .create(
            [
                {"program_id": wallets.id, "partner_id": customer.id, "points": 75},
                {"program_id": gifts.id, "partner_id": customer.id, "points": 25, "expiration_date": expires_on},
                {"program_id": clubs.id, "partner_id": customer.id, "points": 120},
            ]
        )[0]
    )
    product = env.ref("product.product_product_6", raise_if_not_found=False)
    product = product or env["product.product"].search([("sale_ok", "=", True)], limit=1)
    line = {"product_id": product.id, "price_unit": 30, "tax_id": []}
    order = env["sale.order"].create({"partner_id": customer.id, "order_line": [Command.create(line)]})
    order._update_programs_and_rewards()
    order._apply_program_reward(wallets.reward_ids, wallet)
    order.action_confirm()


def discard_queued_mail(env: api.Environment) -> None:
    """Leave nothing of what Odoo's demo data would send: the first mail to be caught is the visitor's own."""
    env["mail.mail"].search([("state", "=", "outgoing")]).unlink()


def main(database: str) -> None:
    """Open the database without mail leaving it, and prepare it."""
    config.parse_config(["-d", database, "--no-http", "--max-cron-threads=0"])
    with odoo.registry(database).cursor() as cr:
        env = api.Environment(cr, SUPERUSER_ID, {"lang": "en_US", "mail_notrack": True, "mail_create_nolog": True})
        prepare(env(user=env.ref("base.user_admin"), su=True))


if __name__ == "__main__":
    main(sys.argv[1])
