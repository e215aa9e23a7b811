import html
import json
import re
import unittest
from datetime import timedelta
from unittest.mock import patch

from odoo import Command, fields
from odoo.exceptions import UserError
from odoo.tests import tagged
from odoo.tools import mute_logger

from .accessibility import AccessibilityCase
from .test_portal_home import PortalHomeCase


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
