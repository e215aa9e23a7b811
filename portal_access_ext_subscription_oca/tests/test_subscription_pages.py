import re
import uuid
from datetime import timedelta

from odoo import Command, http
from odoo.tests import tagged
from odoo.tests.common import JsonRpcException
from odoo.tools import mute_logger

from .common import SubscriptionCase

COUNTER = "portal_access_subscription_count"


class SubscriptionPageCase(SubscriptionCase):
    def get(self, url, **kwargs):
        response = self.url_open(url, **kwargs)
        self.env.invalidate_all()
        return response

    def post(self, url, **values):
        token = {"csrf_token": http.Request.csrf_token(self)}
        response = self.url_open(url, {**token, **values}, allow_redirects=False)
        self.env.invalidate_all()
        return response

    def post_close(self, subscription=None, **values):
        values = {"reason": self.reason.id, "text": "Too much tea", "outlook": "activity", **values}
        return self.post(self.url(subscription, "/close"), **values)

    def text_of(self, url):
        return " ".join(re.sub(r"<[^>]*>", " ", re.sub(r"(?s)<script.*?</script>", "", self.get(url).text)).split())

    def measure(self, url):
        counter = []
        for _attempt in range(4):
            with self.count_queries(counter):
                self.assertEqual(self.url_open(url, allow_redirects=False).status_code, 200)
        return min(counter)


@tagged("post_install", "-at_install")
class TestSubscriptionPages(SubscriptionPageCase):
    """The list, the page, and the card on the dashboard."""

    # -------------------------------------------------------------------------
    # The dashboard and the list
    # -------------------------------------------------------------------------

    def test_the_card_has_the_number_of_all_in_the_list(self):
        self.make_subscription(self.colleague, stage="pre")
        self.set_close("now")
        self.ask(self.make_subscription(self.anna))
        for partner, number in ((self.anna, 3), (self.colleague, 3), (self.ben, 1)):
            self.sign_in(partner)
            page = self.get("/my").text
            self.assertIn(COUNTER, self.get_counters(page))
            self.assertIn('href="/my/subscriptions"', page)
            self.assertEqual(self.count(COUNTER), {COUNTER: number})
            self.assertIn(f"All ({number})", self.text_of("/my/subscriptions"))

    def test_a_customer_without_subscriptions_is_told_so(self):
        (self.subscription + self.foreign).unlink()
        self.sign_in(self.anna)
        self.assertEqual(self.count(COUNTER), {COUNTER: 0})
        self.assertIn("You have no subscriptions.", self.text_of("/my/subscriptions"))

    def test_employees_see_those_of_their_own_contact(self):
        own = self.make_subscription(self.seller.partner_id)
        self.authenticate(self.seller.login, self.seller.login)
        self.assertEqual(self.count(COUNTER), {COUNTER: 1})
        self.assertIn(own.name, self.text_of("/my/subscriptions"))
        self.authenticate(self.employee.login, self.employee.login)
        self.assertEqual(self.count(COUNTER), {COUNTER: 0})
        self.assertIn("You have no subscriptions.", self.text_of("/my/subscriptions"))

    def make_some(self):
        """:return dict: subscriptions by what they are"""
        self.set_close("now")
        some = {
            "open": self.subscription,
            "renew": self.make_subscription(self.anna, to_renew=True),
            "pre": self.make_subscription(self.anna, stage="pre"),
            "closed": self.make_subscription(self.anna, to_renew=True),
            "ended": self.make_subscription(self.anna),
            "halted": self.make_subscription(self.anna),
            "archived": self.make_subscription(self.anna),
        }
        self.ask(some["closed"])
        # As the cron of subscription_oca leaves them.
        some["ended"].write({"recurring_next_date": False, "date": self.today})
        # Invoiced no more, and without an end.
        some["halted"].write({"recurring_next_date": False, "date": False})
        some["archived"].active = False
        self.env.flush_all()
        return some

    def test_the_filters_and_their_numbers(self):
        some = self.make_some()
        self.sign_in(self.anna)
        expected = {
            "all": {"open", "renew", "pre", "closed", "ended", "halted"},
            "in_progress": {"open", "renew", "halted"},
            "to_renew": {"renew"},
            "closed": {"closed", "ended"},
        }
        for name, kinds in expected.items():
            text = self.text_of(f"/my/subscriptions?filterby={name}")
            shown = {kind for kind, subscription in some.items() if f"{subscription.name} " in text}
            self.assertEqual(shown, kinds)
        for label in ("All (6)", "In progress (3)", "To renew (1)", "Closed (2)"):
            self.assertIn(label, text)
        for status in ("In progress", "To renew", "Ready to start", "Closed", "Ended"):
            self.assertIn(status, self.text_of("/my/subscriptions"))

    def test_the_list_is_sorted(self):
        early = self.make_subscription(self.anna, code="AAA")
        early.recurring_next_date = self.today + timedelta(days=1)
        late = self.make_subscription(self.anna, code="ZZZ")
        (early + late).date_start = self.today - timedelta(days=9)
        self.env.flush_all()
        self.sign_in(self.anna)
        for sortby, expected in (
            ("date", [self.subscription, late, early]),
            ("next", [early, late, self.subscription]),
            ("name", [early, self.subscription, late]),
        ):
            ids = re.findall(r'href="/my/subscriptions/(\d+)"', self.get(f"/my/subscriptions?sortby={sortby}").text)
            self.assertEqual([int(found) for found in ids], [subscription.id for subscription in expected])

    def test_the_list_is_searched(self):
        other = self.make_subscription(self.anna, code="XYZ7", template_id=self.make_plan(name="Coffee").id)
        other.sale_subscription_line_ids.name = "Black 100% coffee"
        self.env.flush_all()
        self.sign_in(self.anna)
        for query, found in (
            ("search=xyz7", other),
            ("search=xyz7&search_in=reference", other),
            ("search=xyz7&search_in=product", None),
            ("search=green&search_in=product", self.subscription),
            ("search=100%25", other),
            ("search=coffee", other),
            ("search=tea+every", self.subscription),
            ("search=nothing", None),
        ):
            text = self.text_of(f"/my/subscriptions?{query}")
            for subscription in (self.subscription, other):
                self.assertEqual(f"{subscription.name} " in text, subscription == found, query)
            if not found:
                self.assertIn("There is no such subscription.", text)

    def test_the_list_has_pages(self):
        self.make_subscription(self.anna).copy_data()
        for _number in range(85):
            self.subscription.copy()
        self.env.flush_all()
        self.sign_in(self.anna)
        first = self.get("/my/subscriptions").text
        second = self.get("/my/subscriptions/page/2?sortby=name").text
        find = re.compile(r'href="/my/subscriptions/(\d+)"').findall
        self.assertEqual((len(set(find(first))), len(set(find(second)))), (80, 7))
        self.assertIn("/my/subscriptions/page/2", first)

    # -------------------------------------------------------------------------
    # The page
    # -------------------------------------------------------------------------

    def test_the_page_shows_what_there_is(self):
        invoice = self.make_invoice(self.subscription)
        draft = self.make_invoice(self.subscription)
        draft.button_draft()
        order = self.env["sale.order"].create(
            {"partner_id": self.anna.id, "order_subscription_id": self.subscription.id}
        )
        order.action_confirm()
        order.message_subscribe(self.anna.ids)
        self.env.flush_all()
        self.sign_in(self.anna)
        page, text = self.get(self.url()).text, self.text_of(self.url())
        for part in (
            "Green tea",
            "25.00 every month",
            "In progress",
            "Tea every month",
            "no fixed end",
            "Tea is not returned.",
            "Sven Seller",
            "Close subscription",
            invoice.name,
            order.name,
            "Waiting for Payment",
        ):
            self.assertIn(part, text)
        self.assertIn(f'href="/my/invoices/{invoice.id}"', page)
        self.assertIn(f'href="/my/orders/{order.id}"', page)
        self.assertNotIn(draft.name, text)
        for hidden in ("Pays late", "Payment method"):
            self.assertNotIn(hidden, text)
        self.assertIn('data-res_model="sale.subscription"', page)

    def test_documents_of_somebody_else_are_left_out_and_links_only_where_they_open(self):
        of_ben = self.make_invoice(self.subscription, partner_id=self.ben.id)
        unfollowed = self.make_invoice(self.subscription)
        unfollowed.message_unsubscribe(self.anna.ids)
        self.env.flush_all()
        self.sign_in(self.anna)
        page = self.get(self.url()).text
        self.assertNotIn(of_ben.name, page)
        self.assertIn(unfollowed.name, page)
        self.assertNotIn(f"/my/invoices/{unfollowed.id}", page)

    def test_invoices_of_the_orders_of_the_subscription_are_its_own(self):
        self.plan.invoicing_mode = "sale_and_invoice"
        self.product.invoice_policy = "order"
        self.subscription.generate_invoice()
        self.env.flush_all()
        self.assertTrue(self.subscription._portal_get_invoices())
        self.sign_in(self.anna)
        text = self.text_of(self.url())
        self.assertIn(self.subscription.sale_order_ids.invoice_ids.name, text)
        self.assertIn(self.subscription.sale_order_ids.name, text)

    def test_prices_are_of_the_pricelist_s_currency_and_of_the_lines_as_they_are(self):
        currency = self.env.ref("base.EUR") if self.env.company.currency_id.name != "EUR" else self.env.ref("base.USD")
        currency.active = True
        self.pricelist.currency_id = currency
        subscription = self.make_subscription(self.anna)
        # subscription_oca doesn't add up again.
        subscription.sale_subscription_line_ids.price_unit = 20
        self.env.flush_all()
        self.sign_in(self.anna)
        for url in ("/my/subscriptions", self.url(subscription)):
            text = self.text_of(url)
            self.assertRegex(
                text, rf"(?i)({re.escape(currency.symbol)}\s*40\.00|40\.00\s*{re.escape(currency.symbol)})"
            )

    def test_how_often_it_is_paid(self):
        for kind, count, expected in (
            ("days", 1, "every day"),
            ("weeks", 2, "every 2 weeks"),
            ("months", 1, "every month"),
            ("years", 3, "every 3 years"),
            ("months", 0, ""),
            (False, 1, ""),
        ):
            self.plan.write({"recurring_rule_type": kind, "recurring_interval": count})
            self.assertEqual(self.subscription._portal_get_recurrence(), expected)

    def test_the_page_bears_what_is_missing(self):
        self.plan.write({"recurring_interval": 0, "recurring_rule_type": False, "description": False})
        bare = self.make_subscription(self.anna, lines=0, user_id=False)
        bare.write({"stage_id": False, "date_start": False, "recurring_next_date": False, "terms": False})
        self.env.company.partner_id.active = False
        self.env.flush_all()
        self.sign_in(self.anna)
        for url in ("/my/subscriptions", self.url(bare), self.url(bare, "/close")):
            self.assertEqual(self.get(url, allow_redirects=False).status_code, 200, url)
        self.assertIn("There is nothing in this subscription yet.", self.text_of(self.url(bare)))

    def test_a_subscription_of_nobody_is_nobody_s(self):
        self.env.cr.execute("ALTER TABLE sale_subscription ALTER partner_id DROP NOT NULL")
        self.env.cr.execute("UPDATE sale_subscription SET partner_id = NULL WHERE id = %s", [self.subscription.id])
        self.env.invalidate_all()
        self.sign_in(self.anna)
        self.assert_gone(self.subscription)
        self.assertFalse(self.count(COUNTER)[COUNTER])
        self.authenticate(self.seller.login, self.seller.login)
        self.assertEqual(self.get(self.url(), allow_redirects=False).status_code, 200)

    def test_the_saved_method_that_paid_last_is_shown_to_whose_it_is(self):
        provider, invoice = self.offer_payment(), self.make_invoice(self.subscription)
        for partner, viewers in ((self.anna, self.anna), (self.anna.parent_id, self.anna + self.colleague)):
            self.save_cards(provider, partner, 1)
            token = self.env["payment.token"].search([("partner_id", "=", partner.id)], limit=1)
            token.payment_details = f"{partner.id:04}"
            transaction = self.env["payment.transaction"].create(
                {
                    "provider_id": provider.id,
                    "payment_method_id": token.payment_method_id.id,
                    "token_id": token.id,
                    "partner_id": partner.id,
                    "amount": 10,
                    "currency_id": invoice.currency_id.id,
                    "reference": f"tea-{partner.id}",
                    "invoice_ids": [Command.set(invoice.ids)],
                }
            )
            self.env.flush_all()
            self.sign_in(self.anna)
            self.assertNotIn(token.payment_details, self.text_of(self.url()), "it isn't paid yet")
            transaction.state = "done"
            self.env.flush_all()
            for viewer in self.anna + self.colleague:
                self.sign_in(viewer)
                text = self.text_of(self.url())
                shown = f"Last paid with {token.payment_method_id.name} {token.display_name}"
                self.assertEqual(shown in text, viewer in viewers)
        self.subscription.access_token = str(uuid.uuid4())
        self.env.flush_all()
        self.authenticate(None, None)
        self.assertNotIn("Last paid with", self.text_of(f"{self.url()}?access_token={self.subscription.access_token}"))
        token.active = False
        self.env.flush_all()
        self.sign_in(self.anna)
        self.assertNotIn("Last paid with", self.text_of(self.url()))

    def test_who_is_told_as_contact(self):
        seller, other = self.seller, self.env.ref("base.user_admin")
        order = self.env["sale.order"].create({"partner_id": self.anna.id, "user_id": other.id})
        self.subscription.sale_order_id = order
        self.sign_in(self.anna)
        for user in (self.env.ref("base.user_root"), self.env.ref("base.public_user"), self.anna.user_ids):
            self.subscription.user_id = user
            self.env.flush_all()
            self.assertIn(f"Your contact {other.name}", self.text_of(self.url()))
        order.user_id = False
        self.env.flush_all()
        self.assertNotIn("Your contact", self.text_of(self.url()), "and not the customer")
        self.subscription.user_id = seller
        self.env.flush_all()
        self.assertIn(f"Your contact {seller.name}", self.text_of(self.url()))

    def test_what_was_done_and_what_was_not_look_different(self):
        self.sign_in(self.anna)
        for done, kind in (("asked", "success"), ("kept", "success"), ("gone", "warning"), ("often", "warning")):
            self.assertIn(f'class="alert alert-{kind}"', self.get(f"{self.url()}?done={done}").text)

    def test_a_fixed_end_is_shown(self):
        plan = self.make_plan(recurring_rule_boundary="limited", recurring_rule_count=12)
        limited = self.make_subscription(self.anna, template_id=plan.id)
        self.env.flush_all()
        self.sign_in(self.anna)
        text = self.text_of(self.url(limited))
        self.assertNotIn("no fixed end", text)
        self.assertIn(limited.date.strftime("%m/%d/%Y"), text)

    # -------------------------------------------------------------------------
    # Whose
    # -------------------------------------------------------------------------

    def assert_gone(self, subscription, suffix="", query=""):
        response = self.get(self.url(subscription, suffix) + query, allow_redirects=False)
        self.assertEqual(response.status_code, 303)
        self.assertRegex(response.headers["Location"], r"/my$")

    def test_who_sees_the_page(self):
        for partner, sees in ((self.anna, True), (self.colleague, True), (self.ben, False)):
            self.sign_in(partner)
            if sees:
                self.assertIn("Green tea", self.text_of(self.url()))
                self.assertIn("Close subscription", self.text_of(self.url()))
            else:
                self.assert_gone(self.subscription)
        self.authenticate(self.employee.login, self.employee.login)
        self.assert_gone(self.subscription)
        self.authenticate(self.seller.login, self.seller.login)
        text = self.text_of(self.url())
        self.assertIn("Green tea", text)
        self.assertNotIn("Close subscription", text)
        self.assert_gone(self.subscription, "/close")

    def test_a_link_with_a_token_shows_the_page_and_no_more(self):
        self.subscription.access_token = str(uuid.uuid4())
        invoice = self.make_invoice(self.subscription)
        self.env.flush_all()
        link = f"{self.url()}?access_token={self.subscription.access_token}"
        for partner in (None, self.ben):
            if partner:
                self.sign_in(partner)
            else:
                self.authenticate(None, None)
            page, text = self.get(link).text, self.text_of(link)
            self.assertIn("Green tea", text)
            self.assertNotIn("Close subscription", text)
            self.assertIn(invoice.name, text)
            self.assertNotIn(f"/my/invoices/{invoice.id}", page)
            self.assertNotIn(self.url(suffix="/close"), page)
            for wrong in ("", "x", str(uuid.uuid4()), "%C3%A4", "%00", self.subscription.access_token[:-1]):
                self.assert_gone(self.subscription, query=f"?access_token={wrong}")
        self.assert_gone(self.subscription, "/close", f"?access_token={self.subscription.access_token}")
        headers = self.get(link).headers
        self.assertEqual(headers["Referrer-Policy"], "no-referrer")
        self.assertEqual(headers["Cache-Control"], "no-store")

    def test_opening_pages_changes_nothing(self):
        self.make_invoice(self.subscription)
        self.sign_in(self.anna)
        self.get("/my/subscriptions")
        for url in ("/my/subscriptions", self.url(), self.url(suffix="/close"), self.url(suffix="/keep")):
            self.get(url)
        self.assertFalse(self.subscription.portal_close_state)

    def test_what_the_company_archived_is_gone(self):
        self.subscription.access_token = str(uuid.uuid4())
        self.subscription.active = False
        self.env.flush_all()
        self.sign_in(self.anna)
        self.assert_gone(self.subscription)
        self.assert_gone(self.subscription, query=f"?access_token={self.subscription.access_token}")
        self.assert_gone(self.subscription, "/close")

    # -------------------------------------------------------------------------
    # Discussion
    # -------------------------------------------------------------------------

    def chat(self, **values):
        values = {"res_model": "sale.subscription", "res_id": self.subscription.id, "message": "Hello there", **values}
        response = self.make_jsonrpc_request("/mail/chatter_post", values)
        self.env.invalidate_all()
        return response

    def test_customers_write_in_the_discussion_and_the_salesperson_is_told(self):
        self.sign_in(self.colleague)
        self.chat(token=re.search(r'data-token="([^"]+)"', self.get(self.url()).text)[1])
        comment = self.comments()
        self.assertEqual(comment.author_id, self.colleague)
        self.assertIn(self.seller.partner_id, comment.notified_partner_ids)
        self.assertIn(self.colleague, self.subscription.message_partner_ids)
        answer = self.subscription.with_user(self.seller).message_post(
            body="Hi", message_type="comment", subtype_xmlid="mail.mt_comment"
        )
        self.assertIn(self.colleague, answer.notified_partner_ids)
        found = self.make_jsonrpc_request(
            "/mail/chatter_fetch", {"res_model": "sale.subscription", "res_id": self.subscription.id}
        )
        self.assertEqual(found["message_count"], 2)

    @mute_logger("odoo.http")
    def test_who_has_the_link_writes_too_and_strangers_don_t(self):
        self.subscription.access_token = str(uuid.uuid4())
        self.env.flush_all()
        self.authenticate(None, None)
        self.chat(token=self.subscription.access_token)
        self.assertEqual(self.comments().author_id, self.anna)
        self.sign_in(self.ben)
        for values in ({}, {"token": "wrong"}, {"pid": self.anna.id, "hash": "wrong"}):
            with self.assertRaises(JsonRpcException, msg=values):
                self.chat(**values)
        self.assertEqual(len(self.comments()), 1)
        signed = {"pid": self.anna.id, "hash": self.subscription._sign_token(self.anna.id)}
        self.authenticate(None, None)
        self.chat(**signed)
        self.assertEqual(self.comments().author_id, self.anna)

    def test_the_link_in_a_notification_leads_to_the_page(self):
        self.sign_in(self.anna)
        response = self.get(f"/mail/view?model=sale.subscription&res_id={self.subscription.id}")
        self.assertIn(self.url(), response.url)
        self.assertIn("Green tea", response.text)

    # -------------------------------------------------------------------------
    # What it costs
    # -------------------------------------------------------------------------

    def test_pages_cost_no_more_for_who_has_more(self):
        self.make_invoice(self.subscription)
        self.make_subscription(self.anna)
        self.sign_in(self.anna)
        urls = ("/my/subscriptions", self.url(), self.url(suffix="/close"))
        few = {url: self.measure(url) for url in urls}
        for _number in range(20):
            self.make_subscription(self.anna, lines=5, template_id=self.make_plan().id)
            self.make_invoice(self.subscription)
        self.subscription.write(
            {"sale_subscription_line_ids": [Command.create({"product_id": self.product.id, "name": "More"})] * 10}
        )
        self.env.flush_all()
        for url in urls:
            self.assertLessEqual(self.measure(url), few[url] + 1, url)
        self.assertLessEqual(max(few.values()), 60, few)
