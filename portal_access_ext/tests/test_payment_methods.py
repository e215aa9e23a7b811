import html
import inspect
import json
import re
import unittest
from datetime import timedelta
from unittest.mock import patch

from odoo import Command, fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged
from odoo.tools import hmac, mute_logger

from odoo.addons.mail.tests.common import mail_new_test_user
from odoo.addons.payment.controllers.portal import PaymentPortal as StockPortal

from ..controllers.portal_payment import PortalPayment
from .accessibility import AccessibilityCase
from .test_portal_home import PortalHomeCase

BAD_IDS = (0, -1, 2**31, 2**70, "x", "1", "", None, True, 1.5, [], [1], {}, {"id": 1})


class PaymentCase(PortalHomeCase):
    """Anna with her company and a sibling in it, Ben of another company, and what they saved."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company_partner = cls.anna.parent_id
        cls.sibling, cls.office = cls.make_partners(2, "paying", parent_id=cls.company_partner.id)
        cls.as_manager(cls, cls.sibling + cls.company_partner).portal_access_grant()
        for user in cls.users_of(cls, cls.sibling + cls.company_partner):
            user.password = user.login
        cls.provider = cls.offer_payment(cls)
        cls.method = cls.provider.payment_method_ids
        cls.card, cls.newer = cls.save_cards(cls, cls.provider, cls.anna, 2)
        cls.card.payment_details = "4242"
        cls.company_card = cls.save_cards(cls, cls.provider, cls.company_partner, 1)
        cls.sibling_card = cls.save_cards(cls, cls.provider, cls.sibling, 1)
        cls.ben_card = cls.save_cards(cls, cls.provider, cls.ben, 1)
        cls.env.flush_all()

    def pay(self, token, state="pending", **values):
        """Make a payment with a saved method, in the given state."""
        transaction = self.env["payment.transaction"].create(
            {
                "provider_id": self.provider.id,
                "payment_method_id": self.method.id,
                "reference": f"PAE-{self.env['payment.transaction'].search_count([])}",
                "amount": 12.5,
                "currency_id": self.env.company.currency_id.id,
                "partner_id": token.partner_id.id,
                "token_id": token.id,
                "operation": "online_token",
                **values,
            }
        )
        self.env.flush_all()
        self.env.cr.execute("UPDATE payment_transaction SET state = %s WHERE id = %s", [state, transaction.id])
        transaction.invalidate_recordset()
        return transaction

    def call(self, route, **params):
        """:return dict: the answer of a JSON route, which is never a traceback"""
        self.env.flush_all()
        with mute_logger("odoo.http"):
            response = self.url_open(
                route, data=json.dumps({"params": params}), headers={"Content-Type": "application/json"}
            )
        self.env.invalidate_all()
        return response.json()

    def assertRefused(self, answer, *words, name=None):
        self.assertIn("error", answer)
        data = answer["error"]["data"]
        self.assertIn(data["name"], [name] if name else ["odoo.exceptions.UserError", "odoo.exceptions.AccessError"])
        for word in words:
            self.assertIn(word, data["message"])

    def delete(self, token_id):
        return self.call("/payment/archive_token", token_id=token_id)

    def get_html(self, path="/my/payment_method"):
        response = self.url_open(path)
        self.assertEqual(response.status_code, 200)
        return response.text

    def get_text(self, path="/my/payment_method"):
        return html.unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", self.get_html(path))))

    def listed(self, path="/my/payment_method"):
        """:return set: the ids of the saved methods that a page shows"""
        return set(map(int, re.findall(r'id="o_payment_token_(\d+)"', self.get_html(path))))

    def make_default(self, token_id, page=None):
        csrf = re.search(r'csrf_token: "(\w+)"', page or self.get_html("/my"))[1]
        data = {"csrf_token": csrf}
        if token_id is not None:
            data["token_id"] = token_id
        response = self.url_open("/my/payment_method/default", data=data)
        self.env.invalidate_all()
        return response


@tagged("post_install", "-at_install")
class TestPaymentMethods(PaymentCase):
    """The page of saved payment methods."""

    def test_the_page_says_whose_each_method_is_and_since_when(self):
        self.env.cr.execute("UPDATE payment_token SET create_date = '2024-05-01' WHERE id = %s", [self.card.id])
        self.sign_in(self.anna)
        self.assertEqual(self.listed(), set((self.card + self.newer + self.company_card).ids))
        text = self.get_text()
        self.assertEqual(text.count("Yours"), 2)
        self.assertIn("Saved on 05/01/2024", text)
        self.assertIn(f"Your company's: {self.company_partner.name}", text)
        self.assertIn("can't be edited", text)
        self.assertIn("Add new card", text)

    def test_only_what_is_the_customer_s_own_has_the_trash_icon(self):
        self.sign_in(self.anna)
        linked = re.findall(r'data-linked-radio="o_payment_token_(\d+)"', self.get_html())
        self.assertEqual(set(map(int, linked)), set((self.card + self.newer).ids))
        self.sign_in(self.company_partner)
        self.assertEqual(self.listed(), set(self.company_card.ids))
        self.assertIn("Yours", self.get_text())
        self.assertEqual(self.get_html().count('name="o_payment_delete_token"'), 1)

    def test_the_page_costs_no_query_more_for_twenty_methods(self):
        def measure():
            counter = []
            for _attempt in range(3):
                with self.count_queries(counter):
                    self.get_html()
            return min(counter)

        self.sign_in(self.ben)
        self.pay(self.ben_card)
        one = measure()
        for token in self.save_cards(self.provider, self.ben, 19):
            self.pay(token)
        self.assertLessEqual(measure(), one)

    def test_a_context_from_outside_lets_no_method_go_that_has_to_stay(self):
        self.pay(self.card)
        with self.assertRaisesRegex(UserError, "not settled"):
            self.card.with_context(portal_access_gone="provider").active = False

    def test_the_page_works_where_nothing_was_ever_saved(self):
        self.ben_card.active = False
        self.sign_in(self.ben)
        self.assertNotIn("can't be edited", self.get_text())

    # Deleting

    def test_customers_delete_their_own(self):
        self.sign_in(self.anna)
        self.assertNotIn("error", self.delete(self.card.id))
        self.assertFalse(self.card.active)
        self.assertEqual(self.card.portal_gone_reason, "customer")
        self.assertNotIn("No longer available", self.get_text())

    def test_the_company_s_is_deleted_by_who_owns_it_only(self):
        for partner in (self.anna, self.sibling):
            self.sign_in(partner)
            self.assertRefused(self.delete(self.company_card.id), "belongs to", self.company_partner.name)
            self.assertTrue(self.company_card.active)
        self.sign_in(self.company_partner)
        self.assertNotIn("error", self.delete(self.company_card.id))
        self.assertFalse(self.company_card.active)

    def test_an_unsettled_payment_keeps_its_method(self):
        self.sign_in(self.anna)
        for state in ("pending", "authorized", "draft"):
            with self.subTest(state=state):
                transaction = self.pay(self.card, state)
                self.assertRefused(self.delete(self.card.id), transaction.reference, "12.50")
                self.assertTrue(self.card.active)
                self.assertIn(transaction.reference, self.get_text())
                self.env.cr.execute("UPDATE payment_transaction SET state = 'done' WHERE id = %s", [transaction.id])
        self.assertNotIn("settled", self.get_text())
        self.assertNotIn("error", self.delete(self.card.id))

    def test_settled_and_given_up_payments_keep_nothing(self):
        for state in ("done", "cancel", "error"):
            self.pay(self.card, state)
        given_up = self.pay(self.card, "draft")
        self.env.cr.execute(
            "UPDATE payment_transaction SET create_date = %s WHERE id = %s",
            [fields.Datetime.now() - timedelta(hours=2), given_up.id],
        )
        self.sign_in(self.anna)
        self.assertNotIn("error", self.delete(self.card.id))

    def test_employees_are_refused_too_but_a_provider_is_disabled_whatever_is_under_way(self):
        self.pay(self.card)
        with self.assertRaisesRegex(UserError, "not settled"):
            self.card.active = False
        self.assertTrue(self.card.active)
        self.provider.state = "disabled"
        self.assertFalse(self.card.active)

    def test_a_payment_with_a_deleted_method_is_refused(self):
        self.card.active = False
        with self.assertRaises(UserError):
            self.pay(self.card)

    def test_who_settles_a_payment_archives_its_method(self):
        for settle in ("_set_canceled", "unlink"):
            with self.subTest(settle=settle):
                card = self.save_cards(self.provider, self.anna, 1)
                transaction = self.pay(card)
                getattr(transaction, settle)()
                card.active = False
                self.assertFalse(card.active)

    def test_nothing_is_read_in_another_transaction_while_modules_are_loaded(self):
        self.patch(self.registry, "ready", False)
        with patch.object(type(self.registry), "cursor", side_effect=AssertionError):
            self.card.active = False
        self.assertFalse(self.card.active)

    def test_the_provider_is_told_only_when_it_is_certain(self):
        Token = self.registry["payment.token"]
        with patch.object(Token, "_handle_archiving") as handle:
            with patch.object(Token, "_portal_access_settle", side_effect=UserError("A payment came first")):
                self.assertRaises(UserError, self.card.write, {"active": False})
            handle.assert_not_called()
            self.card.active = False
            handle.assert_called_once()

    def test_an_employee_of_the_customer_deletes_no_more_than_a_customer(self):
        self.employee.partner_id.parent_id = self.company_partner
        own = self.save_cards(self.provider, self.employee.partner_id, 1)
        self.employee.password = self.employee.login
        self.env.flush_all()
        self.authenticate(self.employee.login, self.employee.login)
        self.assertRefused(self.delete(self.company_card.id), "belongs to", self.company_partner.name)
        self.assertTrue(self.company_card.active)
        self.assertNotIn("error", self.delete(own.id))
        self.assertEqual(own.portal_gone_reason, "customer")
        self.assertNotIn("No longer available", self.get_text())

    def test_what_is_paid_with_the_company_s_is_its_own_business(self):
        transaction = self.pay(self.company_card)
        self.sign_in(self.anna)
        text = self.get_text()
        self.assertIn(self.company_partner.name, text)
        self.assertNotIn(transaction.reference, text)
        self.sign_in(self.company_partner)
        self.assertIn(f"until this is settled: {transaction.reference}", self.get_text())

    def test_the_page_takes_nothing_from_its_address(self):
        self.sign_in(self.anna)
        query = "is_validation=1&partner_id=1&company_id=x&amount=1&force_tokenization=&currency_id=0&invoice_id=1"
        self.assertIn("Yours", self.get_text(f"/my/payment_method?{query}&website_id=1&sale_order_id=1&unavailable=1"))

    def test_the_buttons_say_for_which_method_they_are(self):
        self.sign_in(self.anna)
        page = self.get_html()
        self.assertIn(f'aria-label="Make default: {self.card.display_name}"', page)
        self.assertIn(f'aria-label="Delete payment method {self.card.display_name}"', page)

    # Gone

    def test_customers_are_told_why_their_methods_are_gone(self):
        self.sign_in(self.anna)
        reasons = {
            "provider": (self.provider, {"state": "disabled"}, "We no longer use Dashboard"),
            "mode": (self.provider, {"state": "enabled"}, "We set up Dashboard"),
            "method": (self.method, {"active": False}, f"We no longer accept {self.method.name}"),
            "company": (self.newer, {"active": False}, "We have removed it"),
        }
        for reason, (record, vals, words) in reasons.items():
            with self.subTest(reason=reason):
                savepoint = self.cr.savepoint(flush=True)
                record.write(vals)
                self.assertFalse(self.newer.active)
                self.assertEqual(self.newer.portal_gone_reason, reason)
                text = self.get_text()
                self.assertIn("No longer available", text)
                self.assertIn(words, text)
                savepoint.close(rollback=True)
                self.env.invalidate_all()

    def test_what_was_gone_long_ago_is_not_told_any_more(self):
        self.provider.state = "disabled"
        (self.card + self.company_card).portal_gone_on = fields.Datetime.now() - timedelta(days=91)
        self.sign_in(self.anna)
        text = self.get_text()
        self.assertIn("No longer available", text)
        self.assertNotIn("4242", text)
        self.newer.portal_gone_on = fields.Datetime.now() - timedelta(days=91)
        self.assertNotIn("No longer available", self.get_text())

    def test_a_customer_whose_only_provider_is_gone_still_finds_the_page(self):
        self.provider.state = "disabled"
        self.sign_in(self.anna)
        self.assertIn("Manage payment methods", self.get_html("/my"))

    def test_customers_are_not_told_of_the_methods_of_others(self):
        self.ben_card.payment_details = self.sibling_card.payment_details = "6666"
        self.provider.state = "disabled"
        self.sign_in(self.anna)
        self.assertNotIn("6666", self.get_text())

    def test_disabling_a_provider_costs_no_query_per_method(self):
        def disable(count):
            provider = self.provider.copy({"state": "test"})
            self.save_cards(provider, self.ben, count)
            counter = []
            with self.count_queries(counter):
                provider.state = "disabled"
            return counter[0]

        disable(1)
        self.assertLessEqual(disable(20), disable(1))

    # The default

    def test_the_newest_is_the_default_until_the_customer_chooses(self):
        self.sign_in(self.anna)
        self.assertEqual((self.card + self.newer).sorted("id", reverse=True)._portal_access_get_default(), self.newer)
        self.assertEqual(self.get_text().count("Make default"), 1)
        self.make_default(self.card.id)
        self.assertEqual(self.anna.sudo().portal_default_token_id, self.card)
        self.assertIn(f'value="{self.newer.id}"', self.get_html())
        self.card.active = False
        self.assertEqual((self.newer)._portal_access_get_default(), self.newer)
        self.assertNotIn("Make default", self.get_text())

    def test_the_default_is_preselected_when_paying(self):
        self.anna.sudo().portal_default_token_id = self.card
        self.sign_in(self.anna)
        tokens = self.env["payment.token"].sudo()._get_available_tokens(self.provider.ids, self.anna.id)
        self.assertEqual(tokens, self.newer + self.card)
        content = self.env["ir.qweb"]._render(
            "payment.form",
            {
                "tokens_sudo": tokens,
                "payment_methods_sudo": self.env["payment.method"],
                "providers_sudo": self.provider,
                "request": None,
                "show_tokenize_input_mapping": {},
            },
        )
        checked = [tag for tag in re.findall(r"<input[^>]*>", str(content)) if "checked" in tag]
        self.assertEqual(len(checked), 1)
        self.assertIn(f'id="o_payment_token_{self.card.id}"', checked[0])

    def test_what_can_not_be_paid_with_is_not_the_default(self):
        unpublished = self.provider.copy({"state": "test", "is_published": False})
        newest = self.save_cards(unpublished, self.anna, 1)
        self.sign_in(self.anna)
        page = self.get_html()
        rows = {int(row[:12].split('"')[0]): row for row in page.split('id="o_payment_token_')[1:]}
        self.assertEqual([token_id for token_id, row in rows.items() if ">Default<" in row], self.newer.ids)
        self.assertNotIn("Make default", rows[newest.id])
        self.assertIn("Make default", rows[self.card.id])

    def test_only_an_own_method_becomes_the_default(self):
        archived = self.save_cards(self.provider, self.anna, 1)
        archived.active = False
        self.sign_in(self.anna)
        page = self.get_html("/my")
        for token in (self.company_card, self.sibling_card, self.ben_card, archived):
            self.make_default(token.id, page)
            self.assertFalse(self.anna.sudo().portal_default_token_id)
        for token_id in ("0", "-1", str(2**31), str(2**70), "x", "", None):
            response = self.make_default(token_id, page)
            with self.subTest(token_id=token_id):
                self.assertEqual(response.status_code, 200)
                self.assertIn("no longer available", response.text)
                self.assertFalse(self.anna.sudo().portal_default_token_id)

    @mute_logger("odoo.http")
    def test_the_default_is_set_by_a_signed_in_customer_s_own_form_only(self):
        self.sign_in(self.anna)
        self.assertEqual(self.url_open("/my/payment_method/default").status_code, 405)
        self.url_open("/my/payment_method/default", data={"token_id": self.card.id})
        self.assertFalse(self.anna.sudo().portal_default_token_id)
        self.authenticate(None, None)
        self.make_default(self.card.id, self.get_html("/web/login"))
        self.assertFalse(self.anna.sudo().portal_default_token_id)


@tagged("post_install", "-at_install")
class TestPaymentMethodsDocuments(PaymentCase):
    """What uses a saved method, where accounting is installed."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        if "account.move" not in cls.env:
            raise unittest.SkipTest("accounting is not installed")

    def bill(self, partner):
        invoice = self.env["account.move"].create(
            {
                "move_type": "out_invoice",
                "partner_id": partner.id,
                "invoice_line_ids": [Command.create({"name": "Work", "price_unit": 480, "tax_ids": False})],
            }
        )
        invoice.action_post()
        return invoice

    def linked(self, token, user):
        return [info["name"] for info in token.with_user(user).get_linked_records_info()]

    def test_the_page_and_the_dialog_name_the_document_whose_payment_is_under_way(self):
        invoice = self.bill(self.anna)
        transaction = self.pay(self.card, invoice_ids=[Command.set(invoice.ids)])
        self.assertEqual(self.linked(self.card, self.anna.user_ids), [invoice.display_name])
        self.assertEqual(self.linked(self.newer, self.anna.user_ids), [])
        self.sign_in(self.anna)
        page = self.get_html()
        self.assertIn(f'href="{invoice.access_url}?access_token={invoice.access_token}"', page)
        self.env.cr.execute("UPDATE payment_transaction SET state = 'done' WHERE id = %s", [transaction.id])
        self.assertNotIn(invoice.access_url, self.get_html())
        self.env.invalidate_all()
        self.assertEqual(self.linked(self.card, self.anna.user_ids), [])

    def test_documents_that_the_customer_may_not_read_are_not_named(self):
        invoice = self.bill(self.ben)
        self.pay(self.card, invoice_ids=[Command.set(invoice.ids)])
        self.assertEqual(self.linked(self.card, self.anna.user_ids), [])
        self.sign_in(self.anna)
        self.assertNotIn(invoice.access_url, self.get_html())


@tagged("post_install", "-at_install")
class TestPaymentMethodsRights(PaymentCase):
    """Who sees, uses and deletes which saved method."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.foreign_manager = mail_new_test_user(
            cls.env,
            login="pae_foreign",
            groups="base.group_user,base.group_partner_manager",
            company_id=cls.company_2.id,
            company_ids=[(6, 0, cls.company_2.ids)],
        )
        for user in (cls.employee, cls.manager, cls.foreign_manager):
            user.password = user.login
        cls.archived = cls.save_cards(cls, cls.provider, cls.anna, 1)
        cls.archived.active = False
        cls.env.flush_all()

    def test_nobody_deletes_what_is_not_theirs(self):
        tokens = self.card + self.company_card + self.sibling_card + self.ben_card + self.archived
        users = self.users_of(self.anna + self.sibling + self.ben) + self.employee + self.manager + self.foreign_manager
        for user in users:
            self.authenticate(user.login, user.login)
            for token in tokens.filtered(lambda token, user=user: token.partner_id != user.partner_id):
                with self.subTest(user=user.login, token=token.id):
                    before = token.active
                    self.assertRefused(self.delete(token.id))
                    self.assertEqual(token.active, before)
        self.authenticate(None, None)
        self.assertRefused(self.delete(self.card.id), name="odoo.http.SessionExpiredException")
        self.assertTrue(self.card.active)

    def test_ids_that_are_none_get_a_clear_answer(self):
        self.sign_in(self.anna)
        for token_id in BAD_IDS:
            with self.subTest(token_id=token_id):
                self.assertRefused(self.delete(token_id), "doesn't exist")
        self.assertRefused(self.call("/payment/archive_token"), "doesn't exist")
        self.assertRefused(self.delete(self.archived.id), "doesn't exist")
        self.assertTrue(self.card.active)

    def transaction_values(self, partner, **values):
        """The values that the browser would send from the page of a customer."""
        self.env.invalidate_all()
        page = self.get_html()
        access_token = re.search(r'data-access-token="(\w+)"', page)[1]
        return {
            "provider_id": self.provider.id,
            "payment_method_id": None,
            "amount": None,
            "currency_id": None,
            "partner_id": partner.id,
            "access_token": access_token,
            "flow": "token",
            "tokenization_requested": False,
            "landing_route": "/my/payment_method",
            "is_validation": True,
            **values,
        }

    def test_customers_pay_with_their_own_and_their_company_s_only(self):
        self.sign_in(self.anna)
        values = self.transaction_values(self.anna)
        for token in (self.sibling_card, self.ben_card, self.archived):
            with self.subTest(token=token.id):
                self.assertRefused(
                    self.call("/payment/transaction", **values, token_id=token.id), name="odoo.exceptions.AccessError"
                )
        for token_id in BAD_IDS:
            with self.subTest(token_id=token_id):
                self.assertRefused(self.call("/payment/transaction", **values, token_id=token_id), "can't be used")
        self.assertRefused(self.call("/payment/transaction", **values), "can't be used")
        self.assertFalse(self.env["payment.transaction"].search([("partner_id", "=", self.anna.id)]))
        for token in (self.card, self.company_card):
            answer = self.call("/payment/transaction", **values, token_id=token.id)
            self.assertNotIn("error", answer)
        self.assertEqual(
            self.env["payment.transaction"].search([("partner_id", "=", self.anna.id)]).token_id,
            self.card + self.company_card,
        )

    def test_a_route_may_make_a_transaction_by_position_as_in_stock(self):
        names = list(inspect.signature(StockPortal._create_transaction).parameters)
        ours = list(inspect.signature(PortalPayment._create_transaction).parameters)
        self.assertEqual(ours[:10], names[:10])

    def pay_signed_out(self, partner, token):
        """Post what the page of a payment link would, and return the answer."""
        currency = self.env.company.currency_id
        values = {"partner_id": partner.id, "amount": 10.0, "currency_id": currency.id}
        return self.call(
            "/payment/transaction",
            **values,
            access_token=self.sign(*values.values()),
            token_id=token.id,
            provider_id=self.provider.id,
            payment_method_id=None,
            flow="token",
            tokenization_requested=False,
            landing_route="/payment/confirmation",
        )

    def sign(self, *values):
        """:return str: what Odoo signs a payment link with"""
        return hmac(self.env(su=True), "generate_access_token", "|".join(map(str, values)))

    def listed_signed_out(self, partner):
        currency = self.env.company.currency_id
        access_token = self.sign(partner.id, 10.0, currency.id)
        query = f"partner_id={partner.id}&amount=10.0&currency_id={currency.id}&access_token={access_token}"
        return self.listed(f"/payment/pay?{query}")

    def test_a_visitor_with_a_link_does_not_pay_with_what_is_for_who_signs_in(self):
        self.authenticate(None, None)
        office_card = self.save_cards(self.provider, self.office, 1)
        self.assertEqual(self.listed_signed_out(self.office), set(office_card.ids))
        self.assertNotIn("error", self.pay_signed_out(self.office, office_card))
        for partner, card in ((self.anna, self.card), (self.company_partner, self.company_card)):
            with self.subTest(partner=partner.name):
                self.assertEqual(self.listed_signed_out(partner), set())
                for payer in (partner, self.office):
                    self.assertRefused(self.pay_signed_out(payer, card), "can't be used")
        # Not even where the company has no login of its own: its methods aren't shown to visitors.
        self.company_partner.user_ids.active = False
        self.assertRefused(self.pay_signed_out(self.office, self.company_card), "can't be used")
        # Whose access is over is again like a contact without any.
        self.as_manager(self.anna).portal_access_revoke()
        self.assertEqual(self.listed_signed_out(self.anna), set((self.card + self.newer).ids))
        self.assertNotIn("error", self.pay_signed_out(self.anna, self.card))

    def test_an_employee_pays_for_a_billing_address_with_their_own(self):
        partner = self.employee.partner_id
        own = self.save_cards(self.provider, partner, 1)
        address = self.make_partners(1, "billing", parent_id=partner.id, type="invoice")
        self.employee.password = self.employee.login
        self.env.flush_all()
        self.authenticate(self.employee.login, self.employee.login)
        values = self.transaction_values(address)
        currency = self.env.company.currency_id.id
        values.update(amount=10.0, currency_id=currency, access_token=self.sign(address.id, 10.0, currency))
        values.pop("is_validation")
        self.assertNotIn("error", self.call("/payment/transaction", **values, token_id=own.id))
        self.assertRefused(self.call("/payment/transaction", **values, token_id=self.card.id), "can't be used")

    def test_a_quotation_with_another_invoice_address_is_paid_with_what_its_page_lists(self):
        if "sale.order" not in self.env:
            self.skipTest("sale is not installed")
        contact, address = self.make_partners(2, "buying")
        address.parent_id = contact
        card = self.save_cards(self.provider, contact, 1)
        order = self.env["sale.order"].create(
            {
                "partner_id": contact.id,
                "partner_invoice_id": address.id,
                "require_payment": True,
                "require_signature": False,
                "state": "sent",
                "order_line": [
                    Command.create({"product_id": self.env["product.product"].create({"name": "Chair"}).id})
                ],
            }
        )
        order.order_line.price_unit = 10
        url = order.get_portal_url()
        values = {
            "access_token": order.access_token,
            "provider_id": self.provider.id,
            "payment_method_id": None,
            "amount": 10.0,
            "flow": "token",
            "tokenization_requested": False,
            "landing_route": url,
        }
        self.env.flush_all()
        self.authenticate(None, None)
        self.assertEqual(self.listed(url), set(card.ids))
        route = f"/my/orders/{order.id}/transaction"
        self.assertNotIn("error", self.call(route, **values, token_id=card.id))
        self.assertEqual(order.transaction_ids.token_id, card)
        self.assertEqual(order.transaction_ids.partner_id, address)
        for token in (self.card, self.sibling_card, self.ben_card):
            self.assertRefused(self.call(route, **values, token_id=token.id), "can't be used")
        self.grant(contact)
        self.env.flush_all()
        self.assertEqual(self.listed(url), set())
        self.assertRefused(self.call(route, **values, token_id=card.id), "can't be used")
        # Signed in, they pay with it as ever.
        contact.user_ids.password = contact.user_ids.login
        self.env.flush_all()
        self.sign_in(contact)
        self.assertEqual(self.listed(url), set(card.ids))
        self.assertNotIn("error", self.call(route, **values, token_id=card.id))

    def test_who_manages_logins_shows_hidden_methods_again(self):
        hidden = self.card + self.newer
        hidden.portal_is_hidden = True
        group = "base.group_user,base.group_erp_manager"
        administrator = mail_new_test_user(self.env, login="pae_access", groups=group)
        foreign = mail_new_test_user(
            self.env, login="pae_elsewhere", groups=group, company_id=self.company_2.id, company_ids=self.company_2.ids
        )
        if self.env.ref("account.group_account_invoice", raise_if_not_found=False):
            (administrator + foreign).groups_id += self.env.ref("account.group_account_invoice")
        public = self.env.ref("base.public_user")
        users = self.users_of(self.anna + self.ben) + self.employee + self.manager + self.foreign_manager + public
        for user in users + foreign:
            with self.subTest(user=user.login):
                self.assertRaises(AccessError, hidden.with_user(user).action_portal_show_again)
        self.assertEqual(hidden.mapped("portal_is_hidden"), [True, True])
        if "account.move" not in self.env:  # without accounting, nobody sees the methods of others
            self.assertRaises(AccessError, hidden.with_user(administrator).action_portal_show_again)
            administrator = self.env.user
        hidden.with_user(administrator).action_portal_show_again()
        self.assertEqual(hidden.mapped("portal_is_hidden"), [False, False])
        note = self.anna.message_ids[0]
        self.assertIn("Shown in the portal again", note.body)
        self.assertEqual(note.author_id, administrator.partner_id)
        notes = self.anna.message_ids
        hidden.with_user(administrator).action_portal_show_again()
        self.assertEqual(self.anna.message_ids, notes)

    def test_only_the_owner_asks_what_uses_a_method(self):
        transaction = self.pay(self.card)
        self.assertTrue(transaction)
        for partner, may in ((self.anna, True), (self.sibling, False), (self.ben, False)):
            card = self.card.with_user(partner.user_ids)
            with self.subTest(partner=partner.name):
                if may:
                    self.assertEqual(card.get_linked_records_info(), [])
                else:
                    self.assertRaises(AccessError, card.get_linked_records_info)

    def test_customers_write_nothing_over_rpc(self):
        card = self.card.with_user(self.anna.user_ids)
        for vals in ({"active": False}, {"portal_is_hidden": True}, {"partner_id": self.ben.id}):
            self.assertRaises(AccessError, card.write, vals)
        for user in self.anna.user_ids + self.employee:
            partner = self.anna.with_user(user)
            self.assertRaises(AccessError, partner.read, ["portal_default_token_id"])
            self.assertRaises(AccessError, partner.write, {"portal_default_token_id": self.card.id})


@tagged("post_install", "-at_install")
class TestPaymentMethodsOfBefore(PaymentCase):
    """After a clean revoke, who gets the contact's access next starts without the saved methods of before."""

    def change_hands(self, partner):
        """Revoke access, and give it to another address, as a contact manager may."""
        self.as_manager(partner).portal_access_revoke()
        partner.email = "next@pae.example"
        self.grant(partner)
        user = self.users_of(partner)
        user.password = user.login
        self.env.flush_all()

    def test_what_was_saved_before_is_neither_shown_nor_usable(self):
        self.change_hands(self.anna)
        self.assertTrue(self.card.active)  # what charges it goes on
        self.assertTrue(self.card.portal_is_hidden)
        self.sign_in(self.anna)
        self.assertEqual(self.listed(), set(self.company_card.ids))
        self.assertRefused(self.delete(self.card.id), "doesn't exist")
        self.assertFalse(self.card._portal_access_is_usable_by(self.anna))
        available = self.env["payment.token"].sudo()._get_available_tokens(self.provider.ids, self.anna.id)
        self.assertFalse(available)
        self.assertFalse(self.env["payment.token"].with_user(self.anna.user_ids).search([]))
        self.assertRaises(AccessError, self.card.with_user(self.anna.user_ids).read, ["payment_details"])
        # Nor when it is gone.
        self.card.payment_details = "5555"
        self.provider.state = "disabled"
        self.assertNotIn("5555", self.get_text())

    def test_what_was_archived_before_is_not_shown_either(self):
        (self.card + self.newer).payment_details = "5555"
        # As the company does, which the page tells of for a while.
        (self.card + self.newer).active = False
        cards = self.card + self.newer
        self.change_hands(self.anna)
        self.assertEqual(cards.mapped("portal_is_hidden"), [True, True])
        self.sign_in(self.anna)
        self.assertNotIn("5555", self.get_text())
        archived = self.env["payment.token"].with_context(active_test=False).with_user(self.anna.user_ids)
        self.assertFalse(archived.search([]))

    def test_what_was_archived_before_is_hidden_with_the_deleted_user_too(self):
        self.card.active = False
        self.anna.user_ids.unlink()
        self.assertTrue(self.card.portal_is_hidden)

    def test_what_was_archived_before_is_hidden_in_a_dialog_that_another_module_changed(self):
        self.card.active = False
        self.as_manager(self.anna).portal_access_revoke()
        self.anna.email = "next@pae.example"
        line = self.line_of(self.open_dialog(self.anna), self.anna)
        with patch.object(type(line), "_is_customized", return_value=True):
            line.action_grant_access()
        self.assertTrue(self.card.portal_is_hidden)
        self.assertTrue(self.newer.portal_is_hidden)

    def test_who_gets_the_access_back_at_the_same_address_finds_all_as_it_was(self):
        self.as_manager(self.anna).portal_access_revoke()
        self.anna.email = self.anna.email.upper()
        self.grant(self.anna)
        self.assertFalse(self.card.portal_is_hidden)
        self.assertFalse(self.company_card.portal_is_hidden)

    def test_a_deleted_second_user_hides_nothing_from_the_first(self):
        second = mail_new_test_user(self.env, login="pae_second", groups="base.group_portal")
        partner = second.partner_id
        second.partner_id = self.anna
        second.active = False
        second.unlink()
        partner.unlink()
        self.assertFalse(self.card.portal_is_hidden)
        self.anna.user_ids.unlink()
        self.assertTrue(self.card.portal_is_hidden)

    def test_what_is_saved_afterwards_is_as_ever(self):
        self.change_hands(self.anna)
        card = self.save_cards(self.provider, self.anna, 1)
        self.sign_in(self.anna)
        self.assertEqual(self.listed(), set((card + self.company_card).ids))
        self.assertNotIn("error", self.delete(card.id))

    def test_what_charges_a_hidden_method_in_the_background_goes_on(self):
        self.change_hands(self.anna)
        self.assertEqual(self.pay(self.card, "done", operation="offline").token_id, self.card)

    def test_the_company_s_stay_with_the_company(self):
        self.change_hands(self.company_partner)
        self.assertFalse(self.company_card.portal_is_hidden)
        self.sign_in(self.company_partner)
        self.assertEqual(self.listed(), set(self.company_card.ids))

    def test_a_first_grant_hides_nothing(self):
        card = self.save_cards(self.provider, self.office, 1)
        self.grant(self.office)
        self.assertFalse(card.portal_is_hidden)

    def test_a_contact_whose_user_was_deleted_starts_again_too(self):
        self.anna.user_ids.unlink()
        self.assertTrue(self.card.portal_is_hidden)

    def test_employees_see_that_it_is_hidden(self):
        self.change_hands(self.anna)
        arch = self.env["payment.token"].get_view(self.env.ref("payment.payment_token_form").id)["arch"]
        self.assertIn("portal_is_hidden", arch)
        self.assertTrue(self.card.portal_is_hidden)

    def test_it_costs_no_query_per_contact(self):
        counts = []
        for number in (1, 20):
            partners = self.make_partners(number, f"again{number}-")
            self.grant(partners)
            for partner in partners:
                self.save_cards(self.provider, partner, 1)
            self.as_manager(partners).portal_access_revoke()
            with self.count_queries(counts):
                partners._portal_access_hide_saved_methods()
        self.assertLessEqual(counts[1], counts[0])


@tagged("post_install", "-at_install")
class TestPaymentMethodsAccessibility(AccessibilityCase, PaymentCase):
    """Our blocks of the page, in the browser."""

    def test_the_page(self):
        self.pay(self.card)
        self.save_cards(self.provider.copy({"state": "test"}), self.anna, 1).provider_id.state = "disabled"
        self.env.flush_all()
        self.assert_accessible(
            "/my/payment_method",
            ".o_portal_saved_method",
            ".o_portal_gone_methods",
            '[name="o_payment_delete_token"]',
            login=self.anna.user_ids.login,
        )
