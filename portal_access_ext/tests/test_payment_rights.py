import inspect
import re
from unittest.mock import patch

from odoo import Command
from odoo.exceptions import AccessError
from odoo.tests import tagged
from odoo.tools import hmac
from odoo.tools.translate import code_translations

from odoo.addons.mail.tests.common import mail_new_test_user
from odoo.addons.payment.controllers.portal import PaymentPortal as StockPortal

from ..controllers.portal_payment import PortalPayment
from .test_payment_methods import PaymentCase

BAD_IDS = (0, -1, 2**31, 2**70, "x", "1", "", None, True, 1.5, [], [1], {}, {"id": 1})


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

    def test_what_is_shown_again_is_noted_in_the_company_s_language(self):
        self.env["res.lang"]._activate_lang("de_DE")
        self.env.company.partner_id.lang = "de_DE"
        self.card.portal_is_hidden = True
        self.card.with_context(lang="en_US").action_portal_show_again()
        text = code_translations.get_python_translations("portal_access_ext", "de_DE")[
            "Shown in the portal again: %(methods)s"
        ]
        self.assertIn(text % {"methods": self.card.display_name}, self.anna.message_ids[0].body)

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
