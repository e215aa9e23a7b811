from collections import Counter
from unittest.mock import patch

from odoo import Command, fields
from odoo.tools import mute_logger

from odoo.addons.account_payment.tests.common import AccountPaymentCommon
from odoo.addons.mail.tests.common import mail_new_test_user


class TopupCase(AccountPaymentCommon):
    """Two customers of one company, one of another, and an eWallet program with a product of 50."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.currency = cls.company.currency_id
        cls.provider.allow_tokenization = True
        cls.product = cls.env["product.product"].create(
            {"name": "Fifty", "type": "service", "list_price": 50, "taxes_id": [Command.clear()]}
        )
        cls.env["loyalty.program"].search([]).active = False
        cls.program = cls.make_program()
        cls.firm, cls.other_firm = cls.env["res.partner"].create(
            [{"name": name, "is_company": True} for name in ("Firm", "Other Firm")]
        )
        cls.anna, cls.sibling, cls.ben = (
            mail_new_test_user(
                cls.env,
                login=f"ws_{name}",
                name=name.title(),
                email=f"{name}@pae.example",
                groups="base.group_portal",
                company_id=cls.company.id,
                company_ids=[Command.set(cls.company.ids)],
            )
            for name in ("anna", "sibling", "ben")
        )
        (cls.anna | cls.sibling).partner_id.parent_id = cls.firm
        cls.ben.partner_id.parent_id = cls.other_firm
        cls.customer = cls.anna.partner_id
        cls.salesman, cls.accountant = (
            mail_new_test_user(
                cls.env,
                login=f"ws_{name}",
                name=name,
                groups=groups,
                company_id=cls.company.id,
                company_ids=[Command.set(cls.company.ids)],
            )
            for name, groups in (
                ("salesman", "base.group_user,sales_team.group_sale_manager"),
                ("accountant", "base.group_user,account.group_account_invoice,sales_team.group_sale_salesman"),
            )
        )

    def setUp(self):
        super().setUp()
        # Attempts are counted on a cursor of their own, and would be remembered from test to test.
        self.attempts = Counter()

        def take(_self, purpose, key, limit, seconds):
            self.attempts[purpose, key] += 1
            return self.attempts[purpose, key] <= limit

        self.startPatcher(patch.object(self.registry["portal.access.limit"], "_take", take))

    @classmethod
    def make_program(cls, **values):
        defaults = cls.env["loyalty.program"]._program_type_default_values()["ewallet"]
        program = cls.env["loyalty.program"].create(
            {
                **defaults,
                "name": "Wallet",
                "program_type": "ewallet",
                "company_id": cls.company.id,
                "currency_id": cls.company.currency_id.id,
            }
        )
        program.trigger_product_ids = values.pop("trigger_product_ids", cls.product)
        program.write(values)
        return program

    @classmethod
    def make_card(cls, partner=None, points=0.0, **values):
        return cls.env["loyalty.card"].create(
            {"program_id": cls.program.id, "partner_id": (partner or cls.customer).id, "points": points, **values}
        )

    def as_customer(self, record, user=None):
        return record.with_user(user or self.anna).with_context(allowed_company_ids=self.company.ids)

    def start(self, user=None, program=None, **kwargs):
        """Return the order of a top-up that a customer starts."""
        user = user or self.anna
        if not kwargs.keys() & {"product", "amount"}:
            kwargs["product"] = self.product
        program = self.as_customer(program or self.program, user)
        order = program._portal_topup_create_order(self.as_customer(user.partner_id, user), **kwargs)
        return self.env["sale.order"].browse(order.id)

    def make_tx(self, order, amount=None, **values):
        count = self.env["payment.transaction"].search_count([])
        return self._create_transaction(
            "redirect",
            amount=order.amount_total if amount is None else amount,
            currency_id=values.pop("currency_id", order.currency_id.id),
            reference=f"{order.name}-{count}",
            partner_id=order.partner_id.id,
            sale_order_ids=[Command.set(order.ids)],
            **values,
        )

    @mute_logger("odoo.addons.payment.models.payment_transaction")
    def settle(self, tx, state="done"):
        """Let the provider answer, and Odoo process that."""
        {
            "done": tx._set_done,
            "pending": tx._set_pending,
            "authorized": tx._set_authorized,
            "cancel": tx._set_canceled,
            "error": lambda: tx._set_error("Refused"),
        }[state]()
        if state == "done":
            tx._finalize_post_processing()
        self.env.flush_all()
        self.env.invalidate_all()

    def top_up(self, **kwargs):
        """:return: an order that is paid"""
        order = self.start(**kwargs)
        self.settle(self.make_tx(order))
        return order

    def card_of(self, partner=None):
        return self.env["loyalty.card"].search(
            [("partner_id", "=", (partner or self.customer).id), ("program_id", "=", self.program.id)]
        )

    def lines_of(self, card):
        """:return list: kind, change and balance of each line of the history, the oldest first"""
        return [(line.kind, line.points, line.balance) for line in card.portal_history_ids.sorted("id")]

    def allow_capture(self):
        def compute(providers):
            providers.update({"support_manual_capture": "partial", "support_refund": "partial"})

        provider = self.registry["payment.provider"]
        self.startPatcher(patch.object(provider, "_compute_feature_support_fields", compute))
        self.env.invalidate_all()
        self.provider.capture_manually = True

    def refund(self, tx, amount=None, state="done"):
        refund = tx._create_child_transaction(amount or tx.amount, is_refund=True)
        if state:
            self.settle(refund, state)
        return refund

    def reverse(self, invoice, amount=None):
        """:return: a posted credit note, of the whole invoice or of an amount"""
        note = invoice._reverse_moves([{"invoice_date": fields.Date.today()}])
        if amount:
            note.invoice_line_ids.price_unit = amount
        note.action_post()
        return note

    def sell(self, product=None, price=50.0, partner=None, **values):
        """:return: an order that is no top-up of ours"""
        return self.env["sale.order"].create(
            {
                "partner_id": (partner or self.customer).id,
                "require_payment": True,
                "require_signature": False,
                "prepayment_percent": 1.0,
                "order_line": [
                    Command.create({"product_id": (product or self.product).id, "price_unit": price, "tax_id": False})
                ],
                **values,
            }
        )
